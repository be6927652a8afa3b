"""Intake: an upload -> its members, within budgets; nothing is believed, nothing is unpacked that need not be.

An upload is a zip (whatever its name), a folder, one DICOM file with or without the Part-10 preamble, or NIfTI. A zip
inside is opened too, `Budgets.nesting` deep. What is no DICOM is sorted out later, when headers are read.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import NamedTemporaryFile

from screening.archives import zip_members
from screening.budgets import Budgets, Ledger
from screening.errors import BrokenArchive, EmptyUpload, OverBudget, UnsafeMember
from screening.file_signature import GZIP as GZIP_FILE
from screening.file_signature import ZIP
from screening.inflate_stream import GZIP, BrokenStream, inflated
from screening.nifti import SNIFF_BYTES, is_nifti
from screening.upload_members import Member

__all__ = ["Budgets", "Member", "folder_members", "open_upload"]


def open_upload(path: Path, scratch: Path, budgets: Budgets) -> tuple[Member, ...]:
    """The files of the upload at `path`. Inner zips and NIfTI are unpacked into `scratch`, all else stays where it is.

    Raises EmptyUpload, BrokenArchive, EncryptedArchive, UnsafeMember or OverBudget.
    """
    ledger = Ledger(budgets)
    outer = folder_members(path) if path.is_dir() else iter([Member("file 1", path, path.stat().st_size)])
    members: list[Member] = []
    for member in outer:
        ledger.admit(member.size, member.size)
        members.extend(_opened(member, scratch, ledger, depth=0))
    if not any(member.size for member in members):
        raise EmptyUpload("The upload is empty.")
    return tuple(members)


def folder_members(folder: Path) -> Iterator[Member]:
    """The files below a folder, by name; raises UnsafeMember for what is no plain file, or may not be read."""
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
    # os.walk passes over what it may not read; slices would be missing and nobody would be told.
    raise UnsafeMember("The folder holds a folder that cannot be read.")


def _opened(member: Member, scratch: Path, ledger: Ledger, depth: int) -> Iterator[Member]:
    start = member.head(SNIFF_BYTES)
    if start.startswith(ZIP) and start[128:132] != b"DICM":
        if depth > ledger.budgets.nesting:
            raise OverBudget(f"The upload holds archives nested more than {ledger.budgets.nesting} deep.")
        for inner in zip_members(_plain(member, scratch), ledger):
            yield from _opened(inner, scratch, ledger, depth + 1)
    elif start.startswith(GZIP_FILE):
        yield _gunzipped(member, scratch, ledger)
    elif is_nifti(start):
        yield Member(member.label, _plain(member, scratch), member.size)
    else:
        yield member


def _plain(member: Member, scratch: Path) -> Path:
    if member.packed is None:
        return member.path
    return _written(member.chunks(), scratch)


def _gunzipped(member: Member, scratch: Path, ledger: Ledger) -> Member:
    unpacked = _written(_gunzip(member, ledger.budgets.unpacked_limit(member.size)), scratch)
    size = unpacked.stat().st_size
    ledger.admit(size, member.size)
    return Member(member.label, unpacked, size)


def _gunzip(member: Member, limit: int) -> Iterator[bytes]:
    try:
        for piece in inflated(member.chunks(), GZIP):
            limit -= len(piece)
            if limit < 0:
                raise OverBudget("A gzip file unpacks to more than is allowed.")
            yield piece
    except BrokenStream:
        raise BrokenArchive("A gzip file is damaged or cut off.") from None


def _written(chunks: Iterator[bytes], scratch: Path) -> Path:
    scratch.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=scratch, delete=False) as file:
        file.writelines(chunks)
    return Path(file.name)
