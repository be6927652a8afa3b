"""The members of a zip, read from its central directory.

The whole zip is refused when one member is unsafe, encrypted, overlaps another or exceeds the budgets.
"""

import stat
import struct
import zipfile
from itertools import pairwise
from pathlib import Path, PurePosixPath

from screening.budgets import UploadTotals
from screening.errors import BrokenArchive, EncryptedArchive, OverBudget, UnsafeMember
from screening.upload_members import Member, ZipEntry

_ENCRYPTED = 0x1 | 0x40  # APPNOTE 4.4.4: bit 0 encrypted, bit 6 strong encryption
_LOCAL_HEADER_BYTES = 30
_DIRECTORY_BYTES_PER_MEMBER = 1024  # 46 bytes and a long path; a longer directory is an attack on memory
_END_RECORD = struct.Struct("<4s4H2LH")  # APPNOTE 4.3.16


def zip_members(path: Path, totals: UploadTotals) -> list[Member]:
    """The files of the zip at `path` in the order of its directory; nothing is unpacked. Adds them to `totals`.

    Raises BrokenArchive, EncryptedArchive, UnsafeMember or OverBudget for the archive as a whole.
    """
    _check_directory(path, totals)
    try:
        with zipfile.ZipFile(path) as archive:
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
    deflated = entry.compress_type == zipfile.ZIP_DEFLATED
    packed = ZipEntry(entry.header_offset, entry.compress_size, deflated, entry.CRC)
    return Member(f"file {number}", path, entry.file_size, packed)


def _check_directory(path: Path, totals: UploadTotals) -> None:
    # zipfile reads the whole directory into memory, so its declared length is checked first. It ends the file.
    length = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, length - _END_RECORD.size - 0xFFFF))
        tail = file.read()
    found = tail.rfind(b"PK\x05\x06")
    if found < 0 or len(tail) - found < _END_RECORD.size:
        raise BrokenArchive("The zip is damaged or cut off: its end is missing.")
    directory_bytes = _END_RECORD.unpack_from(tail, found)[5]  # 0xFFFFFFFF when a zip64 record holds the length
    if min(directory_bytes, length) > totals.budgets.members * _DIRECTORY_BYTES_PER_MEMBER:
        raise OverBudget(f"The zip's directory is too long for {totals.budgets.members} files.")


def _check_entry(entry: zipfile.ZipInfo) -> None:
    if entry.flag_bits & _ENCRYPTED:
        raise EncryptedArchive("The zip is encrypted; send it without a password.")
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise BrokenArchive("The zip uses a compression method other than stored or deflated.")
    if entry.compress_type == zipfile.ZIP_STORED and entry.compress_size != entry.file_size:
        raise BrokenArchive("The zip is damaged: a file that is not packed has two lengths.")
    if entry.header_offset < 0:  # zipfile shifts offsets by the bytes that it takes for a prefix
        raise BrokenArchive("The zip is damaged: a file begins before the archive.")
    # `orig_filename` is the name as written; zipfile cuts `filename` at a NUL. Windows programs separate by "\".
    name = entry.orig_filename
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or "\0" in name or name[1:2] == ":":
        raise UnsafeMember("The zip holds a path that leads out of it (absolute, '..', a drive or a NUL).")
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise UnsafeMember("The zip holds a symbolic link.")


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
