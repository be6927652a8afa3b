"""Writes a zip field by field (APPNOTE 6.3.10, sections 4.3.7, 4.3.12, 4.3.16), so that any field can be wrong."""

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

STORED: Final = 0
DEFLATED: Final = 8
ENCRYPTED: Final = 0x1
UTF8: Final = 0x800

MIB: Final = 1 << 20


@dataclass(frozen=True)
class Entry:
    """One member: `payload` as stored in the archive, `size` and `crc` as the headers declare them."""

    name: bytes
    payload: bytes
    size: int
    crc: int
    method: int = STORED
    flags: int = UTF8
    mode: int = 0o100644

    @property
    def shared_fields(self) -> bytes:
        """The fields that the local header and the directory share."""
        return struct.pack(
            "<HHHIIIIHH",
            *(20, self.flags, self.method, 0x00210000, self.crc, len(self.payload), self.size, len(self.name), 0),
        )

    @property
    def local_header(self) -> bytes:
        return b"PK\x03\x04" + self.shared_fields + self.name

    def directory_record(self, offset: int) -> bytes:
        tail = struct.pack("<HHHII", 0, 0, 0, self.mode << 16, offset)
        return b"PK\x01\x02" + struct.pack("<H", 3 << 8 | 20) + self.shared_fields + tail + self.name


def stored(name: str | bytes, content: bytes, flags: int = UTF8, mode: int = 0o100644) -> Entry:
    """An uncompressed member with correct headers."""
    raw = name.encode() if isinstance(name, str) else name
    return Entry(raw, content, len(content), zlib.crc32(content), STORED, flags, mode)


def zeros(name: str, mebibytes: int) -> Entry:
    """A member of deflated zeros, about 1 kB for 1 MiB."""
    return Entry(name.encode(), deflated_zeros(mebibytes), mebibytes * MIB, 0, DEFLATED)


def deflated_zeros(mebibytes: int, head: bytes = b"") -> bytes:
    """A raw deflate stream of `head`, then zeros; its blocks do not depend on each other, so one is repeated."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    start = deflate.compress(head) + deflate.flush(zlib.Z_FULL_FLUSH)
    block = deflate.compress(bytes(MIB)) + deflate.flush(zlib.Z_FULL_FLUSH)
    return start + block * mebibytes + deflate.flush()


def archive(entries: Sequence[Entry]) -> bytes:
    """The members one after the other, then the directory."""
    parts, records, offset = [], [], 0
    for entry in entries:
        records.append(entry.directory_record(offset))
        parts.append(entry.local_header + entry.payload)
        offset += len(parts[-1])
    return b"".join(parts) + directory(records, offset)


def directory(records: Sequence[bytes], offset: int) -> bytes:
    """The central directory and its end record, from records with any offsets."""
    body = b"".join(records)
    count = min(len(records), 0xFFFF)  # more would need zip64; readers use the size
    return body + b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, count, count, len(body), offset, 0)
