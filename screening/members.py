"""A member: one file of an upload, of which no more is read than is asked for."""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from screening.errors import BrokenArchive

CHUNK = 1 << 20
_LOCAL_HEADER = struct.Struct("<4s22xHH")  # APPNOTE 4.3.7: signature ... length of name, length of extra field
_LOCAL_SIGNATURE = b"PK\x03\x04"


@dataclass(frozen=True)
class Packed:
    """Where a member lies in a zip: its local header, its packed length, how it is packed, and its checksum."""

    header_offset: int
    length: int
    deflated: bool
    crc: int


@dataclass(frozen=True)
class Member:
    """A plain file, or a file inside the zip at `path`; `size` is declared and the bytes are held to it.

    `label` is neutral ("file 12"): names inside an upload may be names of patients.
    """

    label: str
    path: Path
    size: int
    packed: Packed | None = None

    def head(self, length: int) -> bytes:
        """The first `length` bytes, fewer where the member ends before."""
        length = min(length, self.size)
        with self.path.open("rb") as file:
            if self.packed is None:
                return file.read(length)
            _seek_data(file, self.packed)
            if not self.packed.deflated:
                return file.read(length)
            # Deflate adds 5 bytes to each 64 KiB that it cannot pack, so this is enough for `length` bytes.
            raw = file.read(min(self.packed.length, length + length // 8192 + 64))
            return _inflate(zlib.decompressobj(-zlib.MAX_WBITS), raw, length)

    def read(self) -> bytes:
        """All bytes, proven against the declared length and checksum."""
        return b"".join(self.chunks())

    def chunks(self) -> Iterator[bytes]:
        """All bytes in pieces; raises BrokenArchive when they are not those that the archive declares."""
        crc, length = 0, 0
        with self.path.open("rb") as file:
            for chunk in self._unpacked(file):
                length += len(chunk)
                if length > self.size:
                    break
                crc = zlib.crc32(chunk, crc) if self.packed else 0
                yield chunk
        if length != self.size or (self.packed and crc != self.packed.crc):
            raise BrokenArchive(
                f"The upload is damaged: {self.label} is not as long as declared, or its checksum is wrong."
            )

    def _unpacked(self, file: BinaryIO) -> Iterator[bytes]:
        if self.packed is None:
            yield from _pieces(file, self.size)
            return
        _seek_data(file, self.packed)
        if not self.packed.deflated:
            yield from _pieces(file, self.packed.length)
            return
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        for piece in _pieces(file, self.packed.length):
            raw = piece
            while raw:
                yield _inflate(inflater, raw, CHUNK)
                raw = inflater.unconsumed_tail
        yield inflater.flush()


def _pieces(file: BinaryIO, length: int) -> Iterator[bytes]:
    while length > 0 and (piece := file.read(min(CHUNK, length))):
        length -= len(piece)
        yield piece


def _inflate(inflater: "zlib._Decompress", raw: bytes, limit: int) -> bytes:
    try:
        return inflater.decompress(raw, limit)
    except zlib.error:
        raise BrokenArchive("The upload is damaged: a packed file cannot be unpacked.") from None


def _seek_data(file: BinaryIO, packed: Packed) -> None:
    file.seek(packed.header_offset)
    header = file.read(_LOCAL_HEADER.size)
    if len(header) < _LOCAL_HEADER.size or not header.startswith(_LOCAL_SIGNATURE):
        raise BrokenArchive("The zip is damaged: its directory points to where no file is.")
    _, name_length, extra_length = _LOCAL_HEADER.unpack(header)
    file.seek(name_length + extra_length, 1)
