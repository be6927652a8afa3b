"""The manifest of a backup. It is written last: without a manifest there is no backup."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final, Literal

from pydantic import TypeAdapter, ValidationError

from gateway.backups.errors import BackupDamaged
from gateway.storage.hashing_stream import StoredBlob

FORMAT: Final = 1
SHA256: Final = re.compile(r"[0-9a-f]{64}")
KEY: Final = re.compile(
    r"blobs/[0-9a-f]{2}/[0-9a-f]{2}/[0-9a-f]{64}|derived/analyses/[0-9a-f-]{36}/\d+/[a-z.]+|waiting/[0-9a-f]{32}"
)


@dataclass(frozen=True)
class FileEntry:
    """A file of the backup: its key, which is the same in the storage, its size and its SHA-256."""

    key: str
    size: int
    sha256: str

    def __post_init__(self) -> None:
        if not KEY.fullmatch(self.key) or not SHA256.fullmatch(self.sha256) or self.size < 0:
            raise ValueError("an entry names no file of a storage")

    @property
    def blob(self) -> StoredBlob:
        return StoredBlob(self.sha256, self.size)


@dataclass(frozen=True)
class Manifest:
    """One backup: its time, program version and schema, and the sizes and hashes of its parts."""

    format: Literal[1]
    name: str
    taken_at: datetime
    product: str
    schema: str
    dump: StoredBlob
    listing: StoredBlob
    files: int
    files_bytes: int
    missing: tuple[str, ...]
    rows: Mapping[str, int]
    audit_head: str

    def to_json(self) -> bytes:
        """Indented JSON, readable for people."""
        return json.dumps(asdict(self) | {"taken_at": self.taken_at.isoformat()}, indent=1).encode() + b"\n"


_MANIFEST: Final = TypeAdapter(Manifest)


def read_manifest(data: bytes, name: str) -> Manifest:
    """The manifest of the backup of that name; raises BackupDamaged."""
    try:
        manifest = _MANIFEST.validate_json(data)
    except ValidationError as error:
        raise BackupDamaged(f"the manifest of {name} cannot be read: {error.errors()[0]['msg']}") from None
    if manifest.name != name:
        raise BackupDamaged(f"the manifest in {name} is that of {manifest.name}")
    return manifest


def to_lines(entries: Iterable[FileEntry]) -> bytes:
    """JSON lines, one entry a line."""
    return b"".join(json.dumps(asdict(entry)).encode() + b"\n" for entry in entries)


def read_lines(data: bytes) -> tuple[FileEntry, ...]:
    """The entries of a listing; raises BackupDamaged."""
    try:
        return tuple(FileEntry(**json.loads(line)) for line in data.splitlines())
    except (TypeError, ValueError) as error:
        raise BackupDamaged("the list of files cannot be read") from error
