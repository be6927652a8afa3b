"""Intake: an upload -> its members, within budgets.

An upload is a zip (with any file name), a folder, one DICOM file with or without the Part-10 preamble, or NIfTI. Zips
inside are opened too, up to `Budgets.nesting` deep. Files that are not DICOM are skipped later, when headers are read.
Every declared size is checked, and only inner zips and NIfTI are unpacked.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import NamedTemporaryFile

from screening.archives import zip_members
from screening.budgets import Budgets, UploadTotals
from screening.errors import BrokenArchive, EmptyUpload, OverBudget, UnsafeMember
from screening.file_signature import GZIP as GZIP_FILE
from screening.file_signature import ZIP
from screening.inflate_stream import GZIP, BrokenStream, inflate
from screening.nifti import SIGNATURE_BYTES, is_nifti
from screening.upload_members import Member

__all__ = ["Budgets", "Member", "folder_members", "open_upload"]


def open_upload(path: Path, scratch: Path, budgets: Budgets) -> tuple[Member, ...]:
    """The files of the upload at `path`. Inner zips and NIfTI are unpacked into `scratch`; other files stay in place.

    Raises EmptyUpload, BrokenArchive, EncryptedArchive, UnsafeMember or OverBudget.
    """
    totals = UploadTotals(budgets)
    outer = folder_members(path) if path.is_dir() else iter([Member("file 1", path, path.stat().st_size)])
    members: list[Member] = []
    for member in outer:
        totals.add(member.size, member.size)
        members.extend(_expand(member, scratch, totals, depth=0))
    if not any(member.size for member in members):
        raise EmptyUpload("The upload is empty.")
    return tuple(members)


def folder_members(folder: Path) -> Iterator[Member]:
    """The files below a folder, sorted by name; raises UnsafeMember for an irregular file or an unreadable folder."""
    number = 0
    for parent, folders, names in os.walk(folder, onerror=_refuse, followlinks=False):
        folders.sort()
        if any((Path(parent) / name).is_symlink() for name in folders):
            raise UnsafeMember("The folder holds a symbolic link; links are not followed.")
        for name in sorted(names):
            number += 1
            file = Path(parent) / name
            if file.is_symlink() or not file.is_file():
                raise UnsafeMember("The folder holds a symbolic link or a device; only plain files are read.")
            yield Member(f"file {number}", file, file.stat().st_size)


def _refuse(_error: OSError) -> None:
    # By default os.walk skips unreadable folders; slices would be missing without an error.
    raise UnsafeMember("The folder holds a folder that cannot be read.")


def _expand(member: Member, scratch: Path, totals: UploadTotals, depth: int) -> Iterator[Member]:
    start = member.first_bytes(SIGNATURE_BYTES)
    if start.startswith(ZIP) and start[128:132] != b"DICM":
        if depth > totals.budgets.nesting:
            raise OverBudget(f"The upload holds archives nested more than {totals.budgets.nesting} deep.")
        for inner in zip_members(_on_disk(member, scratch), totals):
            yield from _expand(inner, scratch, totals, depth + 1)
    elif start.startswith(GZIP_FILE):
        yield _unpack_gzip(member, scratch, totals)
    elif is_nifti(start):
        yield Member(member.label, _on_disk(member, scratch), member.size)
    else:
        yield member


def _on_disk(member: Member, scratch: Path) -> Path:
    if member.packed is None:
        return member.path
    return _write_scratch_file(member.chunks(), scratch)


def _unpack_gzip(member: Member, scratch: Path, totals: UploadTotals) -> Member:
    unpacked = _write_scratch_file(_gunzip_chunks(member, totals.budgets.unpacked_limit(member.size)), scratch)
    size = unpacked.stat().st_size
    totals.add(size, member.size)
    return Member(member.label, unpacked, size)


def _gunzip_chunks(member: Member, limit: int) -> Iterator[bytes]:
    try:
        for chunk in inflate(member.chunks(), GZIP):
            limit -= len(chunk)
            if limit < 0:
                raise OverBudget("A gzip file unpacks to more bytes than is allowed.")
            yield chunk
    except BrokenStream:
        raise BrokenArchive("A gzip file is damaged or cut off.") from None


def _write_scratch_file(chunks: Iterator[bytes], scratch: Path) -> Path:
    scratch.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=scratch, delete=False) as file:
        file.writelines(chunks)
    return Path(file.name)
