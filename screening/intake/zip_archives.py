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

from screening.errors import BrokenArchive, EncryptedArchive, UnsafeMember, UnsupportedArchive
from screening.intake.budgets import UploadTotals
from screening.intake.unpacking import CompressionMethod
from screening.intake.upload_members import ArchiveEntry, Member
from screening.intake.zip_directory import checked_directory
from screening.intake.zip_names import open_zip

_ENCRYPTED = 0x1 | 0x40  # APPNOTE 4.4.4: bit 0 encrypted, bit 6 strong encryption
_LOCAL_HEADER_BYTES = 30

# APPNOTE 4.4.5. Methods that are not read are named, so that a reader knows what to change.
_METHODS: Final = {
    1: "shrunk", 6: "imploded", 10: "PKWARE imploded", 18: "IBM TERSE", 19: "LZ77", 93: "Zstandard", 94: "MP3",
    95: "xz", 96: "JPEG", 97: "WavPack", 98: "PPMd",
}  # fmt: skip


def zip_members(path: Path, totals: UploadTotals) -> list[Member]:
    """The files of the zip at `path` in the order of its directory; nothing is unpacked. Adds them to `totals`.

    Raises BrokenArchive, EncryptedArchive, UnsafeMember or OverBudget for the archive as a whole.
    """
    directory_end, directory_bytes = checked_directory(path, totals)
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
