"""The members of a zip, read from its central directory.

The whole zip is refused when one member is a link, encrypted, overlaps another or exceeds the budgets. Names are labels
that nothing is done with, so a name that is absolute or leads upwards is no reason to refuse a study (docs/adr/0019).
"""

import stat
import struct
import zipfile
from itertools import pairwise
from pathlib import Path
from typing import Final

from screening.errors import BrokenArchive, EncryptedArchive, OverBudget, UnsafeMember, UnsupportedArchive
from screening.intake.budgets import UploadTotals
from screening.intake.unpacking import CompressionMethod
from screening.intake.upload_members import ArchiveEntry, Member
from screening.intake.zip_names import open_zip

_ENCRYPTED = 0x1 | 0x40  # APPNOTE 4.4.4: bit 0 encrypted, bit 6 strong encryption
_LOCAL_HEADER_BYTES = 30
_DIRECTORY_BYTES_PER_MEMBER = 1024  # 46 bytes and a long path; a longer directory is an attack on memory
_END_RECORD = struct.Struct("<4s4H2LH")  # APPNOTE 4.3.16
_ZIP64_LOCATOR = struct.Struct("<4sLQL")  # APPNOTE 4.3.15: its last field counts the parts of the zip
_NOT_HERE = 0xFFFF  # the zip64 record holds the number

# APPNOTE 4.4.5. Methods that are not read are named, so that a reader knows what to change.
_METHODS: Final = {
    1: "shrunk", 6: "imploded", 10: "PKWARE imploded", 18: "IBM TERSE", 19: "LZ77", 93: "Zstandard", 94: "MP3",
    95: "xz", 96: "JPEG", 97: "WavPack", 98: "PPMd",
}  # fmt: skip


def zip_members(path: Path, totals: UploadTotals) -> list[Member]:
    """The files of the zip at `path` in the order of its directory; nothing is unpacked. Adds them to `totals`.

    Raises BrokenArchive, EncryptedArchive, UnsafeMember or OverBudget for the archive as a whole.
    """
    directory_end, directory_bytes = _check_directory(path, totals)
    try:
        with open_zip(path, directory_end, directory_bytes) as archive:
            entries = [entry for entry in archive.infolist() if not entry.filename.endswith("/")]
            data_end = archive.start_dir
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError, struct.error):
        raise BrokenArchive("The zip is damaged or cut off: it has no readable directory.") from None
    for entry in entries:
        _check_entry(entry)
        totals.add(entry.file_size, entry.compress_size)
    _check_overlap(entries, data_end)
    return [_member(path, entry, totals.members - len(entries) + index) for index, entry in enumerate(entries, 1)]


def _member(path: Path, entry: zipfile.ZipInfo, number: int) -> Member:
    packing = CompressionMethod(entry.compress_type)
    packed = ArchiveEntry(entry.header_offset, entry.compress_size, packing, entry.CRC, local_header=True)
    return Member(f"file {number}", path, entry.file_size, packed)


def _check_directory(path: Path, totals: UploadTotals) -> tuple[int, int]:
    """The offset at which the directory ends, and its length as declared."""
    # zipfile reads the whole directory into memory, so its declared length is checked first. It ends the file.
    length, tail = path.stat().st_size, _tail(path)
    found = _end_record(tail)
    if found < 0:
        raise BrokenArchive("The zip is damaged or cut off: its end is missing.")
    _, part, part_of_directory, _, _, directory_bytes, _, _ = _END_RECORD.unpack_from(tail, found)
    if part not in (0, _NOT_HERE) or part_of_directory not in (0, _NOT_HERE) or _parts(tail[:found]) > 1:
        raise UnsupportedArchive(
            "The file is the last part of a split zip (a zip in several parts). "
            "Put the parts together and send one zip."
        )
    # 0xFFFFFFFF when a zip64 record holds the length
    if min(directory_bytes, length) > totals.budgets.members * _DIRECTORY_BYTES_PER_MEMBER:
        raise OverBudget(f"The zip's directory is too long for {totals.budgets.members} files.")
    return length - len(tail) + found, directory_bytes


def _check_entry(entry: zipfile.ZipInfo) -> None:
    if entry.flag_bits & _ENCRYPTED:
        raise EncryptedArchive("The zip is encrypted; send it without a password.")
    if entry.compress_type == 99:
        raise EncryptedArchive("The zip is encrypted (AES); send it without a password.")
    if entry.compress_type not in set(CompressionMethod):
        method = _METHODS.get(entry.compress_type, f"unknown, {entry.compress_type}")
        raise UnsupportedArchive(f"The zip uses a compression method that is not read ({method}); use deflate.")
    if entry.compress_type == zipfile.ZIP_STORED and entry.compress_size != entry.file_size:
        raise BrokenArchive("The zip is damaged: a file that is not packed has two lengths.")
    if entry.header_offset < 0:  # zipfile shifts offsets by the bytes that it takes for a prefix
        raise BrokenArchive("The zip is damaged: a file begins before the archive.")
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise UnsafeMember("The zip holds a symbolic link.")


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


def _parts(before_end: bytes) -> int:
    """How many parts the zip64 locator before the end record counts; 1 without one."""
    locator = before_end[-_ZIP64_LOCATOR.size :]
    if len(locator) < _ZIP64_LOCATOR.size or not locator.startswith(b"PK\x06\x07"):
        return 1
    return int(_ZIP64_LOCATOR.unpack(locator)[3])


def _check_overlap(entries: list[zipfile.ZipInfo], data_end: int) -> None:
    # Files that share bytes let a small zip unpack to petabytes (Fifield 2019); Python before 3.11.8 lets them pass.
    spans = sorted(
        (
            entry.header_offset,
            entry.header_offset + _LOCAL_HEADER_BYTES + len(entry.orig_filename) + entry.compress_size,
        )
        for entry in entries
    )
    if any(end > start for (_, end), (start, _) in pairwise(spans)):
        raise UnsafeMember("The zip holds files that overlap.")
    if spans and spans[-1][1] > data_end:
        raise BrokenArchive("The zip is damaged: a file reaches beyond its end.")
