"""The files of a tar archive (POSIX.1-2017 pax, ustar, GNU): where they lie, refused whole like a zip.

`tarfile` reads the headers; it is fed no more than `_MOST_HEADER_BYTES` for each file, for names and pax headers may
claim to be as long as the file, and no more records of pax headers than the budgets allow for all. Nothing is ever
written under a name of the archive.
"""

import tarfile
from pathlib import Path
from typing import Any, BinaryIO, Final

from screening.errors import BrokenArchive, UnsafeMember
from screening.intake.budgets import UploadTotals
from screening.intake.upload_members import ArchiveEntry, Member

_MOST_HEADER_BYTES: Final = 1 << 20
_ERRORS = (tarfile.TarError, OSError, ValueError, EOFError, RecursionError, OverflowError, LookupError)
_BLOCK: Final = tarfile.BLOCKSIZE


def is_tar(start: bytes) -> bool:
    """Whether a file that begins so is a tar archive; those of before 1988 have no signature and are not read."""
    return start[257:262] == b"ustar"


def tar_members(path: Path, totals: UploadTotals) -> list[Member]:
    """The files of the tar at `path` in its order; nothing is copied.

    Raises BrokenArchive, UnsafeMember (links, devices) or OverBudget for the archive as a whole.
    """
    length = path.stat().st_size
    members: list[Member] = []
    try:
        with path.open("rb") as file, _open(file, totals) as archive:
            while (entry := _next(archive)) is not None:
                if entry.isdir():
                    continue
                _check(entry, length)
                totals.add(entry.size, entry.size)
                data = ArchiveEntry(entry.offset_data, entry.size)
                members.append(Member(f"file {totals.members}", path, entry.size, data))
            file.seek(archive.offset)
            end = file.read(_BLOCK)
    except _ERRORS:
        raise BrokenArchive("The tar is damaged or cut off.") from None
    # POSIX: blocks of zeros end a tar. Without one, files may have been cut off, or tarfile has met what is no header.
    if end != bytes(_BLOCK):
        raise BrokenArchive("The tar is cut off: its end is missing.")
    return members


def _open(file: BinaryIO, totals: UploadTotals) -> Any:  # typeshed does not know `members`,
    reader: Any = _Headers(file, totals)  # and asks for a file that can be written
    return tarfile.TarFile(fileobj=reader)


def _next(archive: Any) -> tarfile.TarInfo | None:
    archive.fileobj.begin_file()
    entry: tarfile.TarInfo | None = archive.next()
    archive.members = []  # tarfile would keep every header that it has read,
    archive.pax_headers = {}  # and go through all keys of the global ones for each file that follows
    return entry


def _check(entry: tarfile.TarInfo, length: int) -> None:
    if not entry.isreg() or entry.issparse():
        raise UnsafeMember("The tar holds a link, a device or a sparse file; send plain files.")
    if entry.offset_data + entry.size > length:
        raise BrokenArchive("The tar is cut off: a file reaches beyond its end.")


class _Headers:
    """A file for reading of which no more is read than the headers of one file may take; their records are counted."""

    def __init__(self, file: BinaryIO, totals: UploadTotals) -> None:
        self._file, self._totals = file, totals
        self.begin_file()

    def begin_file(self) -> None:
        self._left = _MOST_HEADER_BYTES

    def read(self, length: int = -1) -> bytes:
        if not 0 <= length <= self._left:
            raise tarfile.ReadError("a header of absurd length")
        self._left -= length
        header = self._file.read(length)
        self._totals.add_records(header.count(b"\n"))  # each record of a pax header ends so; names hold few
        return header

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()
