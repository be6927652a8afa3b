"""A zip whose names are not the UTF-8 that its flags say: opened by a directory in which they are plain bytes.

`zipfile` decodes every name and fails on the first that is wrong; names are labels here (docs/adr/0019), so none must.
"""

import io
import struct
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

_ENTRY = struct.Struct("<4s4xH18x3H12x")  # APPNOTE 4.3.12: signature, flags, lengths of name, extra field and comment
_ENTRY_BYTES = 46
_UTF8 = 0x800


@contextmanager
def open_zip(path: Path, directory_end: int, directory_bytes: int) -> Iterator[zipfile.ZipFile]:
    """The zip at `path`, whose directory has `directory_bytes` before the offset `directory_end`.

    Raises what `zipfile` raises for a damaged one.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
            return
    except UnicodeDecodeError:
        start = directory_end - directory_bytes
        if start < 0:  # zip64 holds the length elsewhere
            raise
    with path.open("rb") as file:
        overlaid: Any = _Overlaid(file, start, directory_bytes)
        with zipfile.ZipFile(overlaid) as archive:
            yield archive


class _Overlaid(io.RawIOBase):
    """A file, its directory without the flags that call names UTF-8."""

    def __init__(self, file: BinaryIO, start: int, length: int) -> None:
        super().__init__()
        self._file = file
        self._start = start
        file.seek(start)
        self._directory = _without_utf8(bytearray(file.read(length)))
        file.seek(0)

    def read(self, length: int = -1) -> bytes:
        begin = self._file.tell()
        data = bytearray(self._file.read(length))
        low = max(begin, self._start)
        high = min(begin + len(data), self._start + len(self._directory))
        if low < high:
            data[low - begin : high - begin] = self._directory[low - self._start : high - self._start]
        return bytes(data)

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True


def _without_utf8(directory: bytearray) -> bytes:
    at = 0
    while at + _ENTRY_BYTES <= len(directory):
        signature, flags, *lengths = _ENTRY.unpack_from(directory, at)
        if signature != b"PK\x01\x02":
            break
        struct.pack_into("<H", directory, at + 8, flags & ~_UTF8)
        at += _ENTRY_BYTES + sum(lengths)
    return bytes(directory)
