"""Intake: an upload -> its members, within budgets.

An upload is a zip or tar (with any file name), a folder, one DICOM file with or without the Part-10 preamble, or
NIfTI; a zip behind a program (self-extracting) counts, and each may be packed with gzip, bzip2 or xz. Archives inside
are opened too, up to `Budgets.nesting` deep. Files that are not DICOM are skipped later, when headers are read. Every
declared size is checked, and only inner archives, packed files and NIfTI are unpacked.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final

from screening.errors import BrokenArchive, EmptyUpload, OverBudget, UnsafeMember
from screening.intake.budgets import Budgets, UploadTotals
from screening.intake.file_signature import (
    BZIP2,
    GZIP,
    PROGRAM,
    XZ,
    ZIP,
    has_known_signature,
    is_dicom,
    is_nifti,
)
from screening.intake.free_space import leaving_free
from screening.intake.inflate_stream import BrokenStream
from screening.intake.tar_archives import is_tar, tar_members
from screening.intake.unpacking import bunzip, gunzip, unxz
from screening.intake.upload_members import Member
from screening.intake.zip_archives import zip_members
from screening.intake.zip_directory import ends_as_zip

__all__ = ["Budgets", "Member", "folder_members", "open_upload"]

_FOLLOW: Final = "`turnstile screen --follow-links` reads what they point to."
MAX_WRAPPERS: Final = 2  # a volume in gzip in gzip is met; more is an attack
_UNPACKERS: Final[tuple[tuple[bytes, Callable[[Iterable[bytes]], Iterator[bytes]]], ...]] = (
    (GZIP, gunzip),
    (BZIP2, bunzip),
    (XZ, unxz),
)


def open_upload(path: Path, scratch: Path, budgets: Budgets) -> tuple[Member, ...]:
    """The files of the upload at `path`. What is packed, and inner archives and NIfTI, are unpacked into `scratch`.

    Raises EmptyUpload, BrokenArchive, EncryptedArchive, UnsupportedArchive, UnsafeMember or OverBudget; OSError
    (ENOSPC) when the scratch folder's disk is full.
    """
    totals = UploadTotals(budgets)
    links = budgets.follow_links
    outer = (
        folder_members(path, follow_links=links)
        if path.is_dir()
        else iter([Member("file 1", path, path.stat().st_size)])
    )
    members: list[Member] = []
    for member in outer:
        totals.add(member.size, member.size)
        members.extend(_expand(member, _Place(scratch, totals, alone=path.is_file())))
    if not any(member.size for member in members):
        raise EmptyUpload("The upload is empty.")
    return tuple(members)


def folder_members(folder: Path, *, follow_links: bool = False) -> Iterator[Member]:
    """The files below a folder, sorted by name; raises UnsafeMember for an irregular file or an unreadable folder.

    `follow_links` reads what symbolic links point to, as in a data set that keeps its files elsewhere (datalad); a
    folder that was seen before is passed over.
    """
    number, seen = 0, set[tuple[int, int]]()
    _is_new(folder, seen)
    for parent, folders, names in os.walk(folder, onerror=_refuse, followlinks=follow_links):
        folders[:] = sorted(name for name in folders if not follow_links or _is_new(Path(parent) / name, seen))
        if not follow_links and any((Path(parent) / name).is_symlink() for name in folders):
            raise UnsafeMember(f"The folder holds a symbolic link; links are not followed. {_FOLLOW}")
        for name in sorted(names):
            number += 1
            file = Path(parent) / name
            if (file.is_symlink() and not follow_links) or not file.is_file():
                raise UnsafeMember(
                    f"The folder holds a symbolic link or a device; only plain files are read. {_FOLLOW}"
                )
            yield Member(f"file {number}", file, file.stat().st_size)


def _is_new(folder: Path, seen: set[tuple[int, int]]) -> bool:
    """Whether the folder was not walked yet: links may lead round in a circle."""
    status = folder.stat()
    key = status.st_dev, status.st_ino
    new = key not in seen
    seen.add(key)
    return new


def _refuse(_error: OSError) -> None:
    # By default os.walk skips unreadable folders; slices would be missing without an error.
    raise UnsafeMember("The folder holds a folder that cannot be read.")


@dataclass(frozen=True)
class _Place:
    """Where a member was found: in how many archives and wrappers, and whether it is the whole upload."""

    scratch: Path
    totals: UploadTotals
    alone: bool = False
    depth: int = 0
    wrappers: int = 0

    def in_archive(self) -> "_Place":
        budgets = self.totals.budgets
        if self.depth > budgets.nesting:
            raise OverBudget(f"The upload holds archives nested more than {budgets.nesting} deep.")
        return _Place(self.scratch, self.totals, False, self.depth + 1, self.wrappers)

    def in_wrapper(self) -> "_Place":
        if self.wrappers >= MAX_WRAPPERS:
            raise OverBudget(f"A file is packed more than {MAX_WRAPPERS} times (gzip in gzip); unpack it first.")
        return _Place(self.scratch, self.totals, self.alone, self.depth, self.wrappers + 1)


def _expand(member: Member, place: _Place) -> Iterator[Member]:
    start = member.start
    unpacker = next((unpacker for signature, unpacker in _UNPACKERS if start.startswith(signature)), None)
    if is_dicom(start):  # a preamble may begin like any other file
        yield member
    elif start.startswith(ZIP) or is_tar(start) or _ends_as_zip(start, member, place):
        members = tar_members if is_tar(start) else zip_members
        inside = place.in_archive()
        for inner in members(_on_disk(member, place), place.totals):
            yield from _expand(inner, inside)
    elif unpacker:
        yield from _expand(_unpacked(member, unpacker, place), place.in_wrapper())
    elif is_nifti(start):
        yield Member(member.label, _on_disk(member, place), member.size)
    else:
        yield member


def _ends_as_zip(start: bytes, member: Member, place: _Place) -> bool:
    """Whether the upload is a zip behind something else: a program that extracts it, or parts that are missing.

    Not looked for among other files: a viewer on a CD may hold a zip of its own.
    """
    known = has_known_signature(start) and not start.startswith(PROGRAM)
    return place.alone and not known and member.packed is None and ends_as_zip(member.path)


def _on_disk(member: Member, place: _Place) -> Path:
    if member.packed is None:
        return member.path
    return _write_scratch_file(member.chunks(), place)


def _unpacked(member: Member, unpacker: Callable[[Iterable[bytes]], Iterator[bytes]], place: _Place) -> Member:
    limit = place.totals.budgets.unpacked_limit(member.size)
    path = _write_scratch_file(_bounded(unpacker(member.chunks()), limit), place)
    size = path.stat().st_size
    place.totals.add(size, member.size)
    return Member(member.label, path, size)


def _bounded(chunks: Iterator[bytes], limit: int) -> Iterator[bytes]:
    try:
        for chunk in chunks:
            limit -= len(chunk)
            if limit < 0:
                raise OverBudget("A packed file (gzip, bzip2 or xz) unpacks to more bytes than is allowed.")
            yield chunk
    except BrokenStream:
        raise BrokenArchive("A packed file (gzip, bzip2 or xz) is damaged or cut off.") from None


def _write_scratch_file(chunks: Iterator[bytes], place: _Place) -> Path:
    place.scratch.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=place.scratch, delete=False) as file:
        file.writelines(leaving_free(chunks, place.scratch, place.totals.budgets.reserved_bytes))
    return Path(file.name)
