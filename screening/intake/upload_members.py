"""A member: one file of an upload, plain or inside an archive; it is read only as far as requested."""

import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO, Final

from isal import isal_zlib as zlib

from screening.errors import BrokenArchive
from screening.intake.inflate_stream import CHUNK_BYTES, BrokenStream, inflate_start
from screening.intake.unpacking import CompressionMethod, unpack

START_BYTES: Final = 352  # show what a file is; those of NIfTI reach farthest
_LOCAL_HEADER = struct.Struct("<4s22xHH")  # APPNOTE 4.3.7: signature ... length of name, length of extra field
_LOCAL_SIGNATURE = b"PK\x03\x04"


@dataclass(frozen=True)
class ArchiveEntry:
    """A member's data in an archive: where they begin, their packed length, packing and CRC-32.

    In a zip they begin with a local header. A tar has none, and no checksum of the data.
    """

    offset: int
    length: int
    packing: CompressionMethod = CompressionMethod.STORED
    checksum: int | None = None
    local_header: bool = False


@dataclass(frozen=True)
class Member:
    """A plain file, or a file inside the archive at `path`; `size` is the declared size, which reading checks.

    `label` is neutral ("file 12"), since file names may contain patients' names.
    """

    label: str
    path: Path
    size: int
    packed: ArchiveEntry | None = None

    @cached_property
    def start(self) -> bytes:
        """The first `START_BYTES`, read once: opening one of 20,000 small files costs more than its bytes."""
        return self.first_bytes(START_BYTES)

    def __getstate__(self) -> dict[str, Any]:
        """Without `start`: a study that goes to another process is not to carry it for each slice."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def first_bytes(self, length: int) -> bytes:
        """The first `length` bytes, or fewer when the member is shorter."""
        length = min(length, self.size)
        packing = self.packed.packing if self.packed else CompressionMethod.STORED
        try:
            with self._file() as file:
                if packing is CompressionMethod.STORED:
                    return file.read(length)
                if packing is not CompressionMethod.DEFLATED:
                    return self._first_unpacked(file, length)
                # Deflate adds 5 bytes to each 64 KiB that it cannot compress, so this is enough for `length` bytes.
                packed = file.read(min(self.packed.length if self.packed else 0, length + length // 8192 + 64))
            return inflate_start(packed, length)
        except BrokenStream:
            raise self._damaged() from None

    def read(self) -> bytes:
        """All bytes, checked against the declared length and checksum."""
        return b"".join(self.chunks())

    def chunks(self) -> Iterator[bytes]:
        """All bytes in chunks; raises BrokenArchive when their length or checksum is not the declared one."""
        expected = self.packed.checksum if self.packed else None
        checksum, length = 0, 0
        try:
            with self._file() as file:
                for chunk in self._unpacked(file):
                    length += len(chunk)
                    if length > self.size:
                        raise self._damaged()
                    checksum = zlib.crc32(chunk, checksum) if expected is not None else 0
                    yield chunk
        except BrokenStream:
            raise self._damaged() from None
        if length != self.size or checksum != (expected or 0):
            raise self._damaged()

    @contextmanager
    def _file(self) -> Iterator[BinaryIO]:
        try:
            file = self.path.open("rb")
        except OSError:  # its message contains the path
            raise BrokenArchive("A file of the upload cannot be opened.") from None
        with file:
            if self.packed:
                _seek_data(file, self.packed)
            yield file

    def _unpacked(self, file: BinaryIO) -> Iterator[bytes]:
        if self.packed is None:
            return _read_chunks(file, self.size)
        return unpack(_read_chunks(file, self.packed.length), self.packed.packing)

    def _first_unpacked(self, file: BinaryIO, length: int) -> bytes:
        start = bytearray()
        for chunk in self._unpacked(file):
            start += chunk
            if len(start) >= length:
                break
        return bytes(start[:length])

    def _damaged(self) -> BrokenArchive:
        return BrokenArchive(f"The upload is damaged: the length or the checksum of {self.label} is wrong.")


def _read_chunks(file: BinaryIO, length: int) -> Iterator[bytes]:
    while length > 0 and (chunk := file.read(min(CHUNK_BYTES, length))):
        length -= len(chunk)
        yield chunk


def _seek_data(file: BinaryIO, packed: ArchiveEntry) -> None:
    file.seek(packed.offset)
    if not packed.local_header:
        return
    header = file.read(_LOCAL_HEADER.size)
    if len(header) < _LOCAL_HEADER.size or not header.startswith(_LOCAL_SIGNATURE):
        raise BrokenArchive("The zip is damaged: its directory points to where no file is.")
    _, name_length, extra_length = _LOCAL_HEADER.unpack(header)
    file.seek(name_length + extra_length, os.SEEK_CUR)
