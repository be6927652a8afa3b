"""The central directory of a zip: where it lies, and whether it is short enough to be read.

`zipfile` reads all of it into memory and makes an object of each entry, 20 to 50 µs, so its length and its entries are
counted first.
"""

import struct
from pathlib import Path
from typing import BinaryIO, Final

from screening.errors import BrokenArchive, OverBudget, UnsupportedArchive
from screening.intake.budgets import UploadTotals

_BYTES_PER_MEMBER: Final = 1024  # 46 bytes and a long path; a longer directory is an attack on memory
_ENTRIES_PER_MEMBER: Final = 2  # folders have entries of their own, which are no members
_ENTRY: Final = struct.Struct("<28x3H12x")  # APPNOTE 4.3.12: lengths of name, extra field and comment
_END_RECORD: Final = struct.Struct("<4s4H2LH")  # APPNOTE 4.3.16
_ZIP64_RECORD: Final = struct.Struct("<4s36x2Q")  # APPNOTE 4.3.14: signature ... length and offset of the directory
_ZIP64_LOCATOR: Final = struct.Struct("<4sLQL")  # APPNOTE 4.3.15: its last field counts the parts of the zip
_NOT_HERE: Final = 0xFFFF  # the zip64 record holds the number


def checked_directory(path: Path, totals: UploadTotals) -> tuple[int, int]:
    """The offset at which the directory ends, and its length as declared.

    Raises BrokenArchive, UnsupportedArchive (a split zip) or OverBudget.
    """
    tail = _tail(path)
    found = _end_record(tail)
    if found < 0:
        raise BrokenArchive("The zip is damaged or cut off: its end is missing.")
    _, part, part_of_directory, _, _, length, _, _ = _END_RECORD.unpack_from(tail, found)
    locator = _zip64_locator(tail[:found])
    if part not in (0, _NOT_HERE) or part_of_directory not in (0, _NOT_HERE) or (locator and locator[3] > 1):
        raise UnsupportedArchive(
            "The file is the last part of a split zip (a zip in several parts). "
            "Put the parts together and send one zip."
        )
    end = path.stat().st_size - len(tail) + found
    with path.open("rb") as file:
        if locator:
            end, length = _zip64_directory(file, end, length)
        _check_length(file, end - length, length, totals.budgets.members)
    return end, length


def ends_as_zip(path: Path) -> bool:
    """Whether the file at `path` ends with the directory of a zip, whatever stands before."""
    return _end_record(_tail(path)) >= 0


def _tail(path: Path) -> bytes:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _END_RECORD.size - 0xFFFF))
        return file.read()


def _end_record(tail: bytes) -> int:
    """Where the end record begins in the last bytes of a file; -1 without one."""
    found = tail.rfind(b"PK\x05\x06")
    return found if len(tail) - found >= _END_RECORD.size else -1


def _zip64_locator(before_end: bytes) -> tuple[int, ...] | None:
    """The zip64 locator right before the end record; None without one."""
    locator = before_end[-_ZIP64_LOCATOR.size :]
    if len(locator) < _ZIP64_LOCATOR.size or not locator.startswith(b"PK\x06\x07"):
        return None
    return _ZIP64_LOCATOR.unpack(locator)


def _zip64_directory(file: BinaryIO, end: int, length: int) -> tuple[int, int]:
    """Where the directory ends, and its length, by the zip64 record; as they were where there is none.

    The record is taken where `zipfile` takes it, right before its locator; there, too, it goes before the end record.
    """
    at = end - _ZIP64_LOCATOR.size - _ZIP64_RECORD.size
    if at < 0:
        return end, length
    file.seek(at)
    signature, zip64_length, _ = _ZIP64_RECORD.unpack(file.read(_ZIP64_RECORD.size))
    return (at, zip64_length) if signature == b"PK\x06\x06" else (end, length)


def _check_length(file: BinaryIO, start: int, length: int, most_members: int) -> None:
    if start < 0:
        raise BrokenArchive("The zip is damaged or cut off: its directory is longer than the zip.")
    if length > most_members * _BYTES_PER_MEMBER:
        raise OverBudget(f"The zip's directory is too long for {most_members} files.")
    most_entries = most_members * _ENTRIES_PER_MEMBER
    if length > most_entries * _ENTRY.size and _entries(file, start, length, most_entries) > most_entries:
        raise OverBudget(f"The zip's directory lists more than {most_members} files.")


def _entries(file: BinaryIO, start: int, length: int, most: int) -> int:
    """The entries of the directory, counted to one more than `most`."""
    file.seek(start)
    directory = file.read(length)
    at = count = 0
    while at + _ENTRY.size <= length and count <= most:
        at += _ENTRY.size + sum(_ENTRY.unpack_from(directory, at))
        count += 1
    return count
