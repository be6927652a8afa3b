"""A member: one file of an upload, of which no more is read than is asked for."""

import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from isal import isal_zlib as zlib

from screening.errors import BrokenArchive
from screening.inflate_stream import PIECE, RAW, BrokenStream, inflated, inflated_start

_LOCAL_HEADER = struct.Struct("<4s22xHH")  # APPNOTE 4.3.7: signature ... length of name, length of extra field
_LOCAL_SIGNATURE = b"PK\x03\x04"


@dataclass(frozen=True)
class Packed:
    """Where a member lies in a zip: its local header, its packed length, how it is packed, and its checksum."""

    header_offset: int
    length: int
    deflated: bool
    checksum: int


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
        with self._file() as file:
            if self.packed is None or not self.packed.deflated:
                return file.read(length)
            # Deflate adds 5 bytes to each 64 KiB that it cannot pack, so this is enough for `length` bytes.
            packed = file.read(min(self.packed.length, length + length // 8192 + 64))
        try:
            return inflated_start(packed, length)
        except BrokenStream:
            raise self._damaged() from None

    def read(self) -> bytes:
        """All bytes, proven against the declared length and checksum."""
        return b"".join(self.chunks())

    def chunks(self) -> Iterator[bytes]:
        """All bytes in pieces; raises BrokenArchive when they are not those that the archive declares."""
        checksum, length = 0, 0
        try:
            with self._file() as file:
                for chunk in self._unpacked(file):
                    length += len(chunk)
                    if length > self.size:
                        raise self._damaged()
                    checksum = zlib.crc32(chunk, checksum) if self.packed else 0
                    yield chunk
        except BrokenStream:
            raise self._damaged() from None
        if length != self.size or (self.packed and checksum != self.packed.checksum):
            raise self._damaged()

    @contextmanager
    def _file(self) -> Iterator[BinaryIO]:
        try:
            file = self.path.open("rb")
        except OSError:  # its message holds the path
            raise BrokenArchive("A file of the upload cannot be opened.") from None
        with file:
            if self.packed:
                _seek_data(file, self.packed)
            yield file

    def _unpacked(self, file: BinaryIO) -> Iterator[bytes]:
        if self.packed is None:
            return _pieces(file, self.size)
        pieces = _pieces(file, self.packed.length)
        return inflated(pieces, RAW) if self.packed.deflated else pieces

    def _damaged(self) -> BrokenArchive:
        return BrokenArchive(f"The upload is damaged: the length or the checksum of {self.label} is wrong.")


def _pieces(file: BinaryIO, length: int) -> Iterator[bytes]:
    while length > 0 and (piece := file.read(min(PIECE, length))):
        length -= len(piece)
        yield piece


def _seek_data(file: BinaryIO, packed: Packed) -> None:
    file.seek(packed.header_offset)
    header = file.read(_LOCAL_HEADER.size)
    if len(header) < _LOCAL_HEADER.size or not header.startswith(_LOCAL_SIGNATURE):
        raise BrokenArchive("The zip is damaged: its directory points to where no file is.")
    _, name_length, extra_length = _LOCAL_HEADER.unpack(header)
    file.seek(name_length + extra_length, os.SEEK_CUR)
