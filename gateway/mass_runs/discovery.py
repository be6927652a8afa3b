"""Finds the uploads of a mass run in its paths.

A file is one upload. A folder that directly contains DICOM files is one upload, with all its subfolders; so is a folder
whose subfolders hold the series of one study, as scanners export it, and at most notes beside them. Any other folder is
a collection: each of its folders, zips and NIfTI files is one upload. Hidden files are ignored.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from screening.dicom.headers import read_headers
from screening.errors import StudyError
from screening.intake.budgets import Budgets
from screening.intake.file_signature import NO_PREAMBLE, ZIP
from screening.intake.upload_members import Member

UploadKind = Literal["dicom", "archive", "nifti"]
HEAD_BYTES: Final = 132


@dataclass(frozen=True)
class Discovered:
    """The uploads in order, and the files that are no upload."""

    uploads: tuple[Path, ...]
    passed_over: tuple[Path, ...]


def discover(paths: Iterable[Path]) -> Discovered:
    """The uploads of these paths: collections are expanded, every other path is an upload."""
    uploads: list[Path] = []
    passed_over: list[Path] = []
    for path in paths:
        if not is_collection(path):
            uploads.append(path)
            continue
        for child in _visible(path):
            (uploads if child.is_dir() or _kind(child) else passed_over).append(child)
    return Discovered(tuple(dict.fromkeys(uploads)), tuple(passed_over))


def is_collection(path: Path) -> bool:
    """Whether the path is a folder of several uploads."""
    if not path.is_dir():
        return False
    kinds = {child: "folder" if child.is_dir() else _kind(child) for child in _visible(path)}
    if "dicom" in kinds.values():
        return False
    return set(kinds.values()) - {None} != {"folder"} or not _are_one_study([c for c in kinds if kinds[c] == "folder"])


def study_uid_of(file: Path) -> str | None:
    """The Study Instance UID of a DICOM file; None when its header has none."""
    try:
        return read_headers([Member("file 1", file, file.stat().st_size)], Budgets()).slices[0].study_uid
    except StudyError:
        return None


def kind_of(name: str, head: bytes) -> UploadKind | None:
    """The format of a file, by its first `HEAD_BYTES`, or by its name for NIfTI, which may be gzipped."""
    if head[128:] == b"DICM" or head[:2] in NO_PREAMBLE:
        return "dicom"
    if head[:4] in ZIP:
        return "archive"
    return "nifti" if name.lower().endswith((".nii", ".nii.gz")) else None


def _are_one_study(folders: Sequence[Path]) -> bool:
    """Whether these are several folders, and the first DICOM files of all have the same study."""
    return len(folders) > 1 and is_one_study(_study_uid(folder) for folder in folders)


def is_one_study(studies: Iterable[str | None]) -> bool:
    """Whether folders with these studies, "" for one that cannot be read, are the series of one study.

    None is a folder without an upload: notes, or a viewer, which stand beside the series on many a CD.
    """
    found = {study for study in studies if study is not None}
    return len(found) == 1 and "" not in found


def _study_uid(folder: Path) -> str | None:
    """The study of the first DICOM file below, "" when that or another upload has none, None without an upload."""
    other: str | None = None
    for parent, _, names in os.walk(folder):
        for name in sorted(names):
            file = Path(parent) / name
            kind = _kind(file)
            if kind == "dicom":
                return study_uid_of(file) or ""
            other = "" if kind else other
    return other


def _visible(folder: Path) -> Iterator[Path]:
    return (child for child in sorted(folder.iterdir()) if not child.name.startswith("."))


def _kind(file: Path) -> UploadKind | Literal["unreadable"] | None:
    """None for anything but a file, such as a pipe."""
    if not file.is_file():
        return None
    try:
        with file.open("rb") as opened_file:
            return kind_of(file.name, opened_file.read(HEAD_BYTES))
    except PermissionError:
        return "unreadable"  # an upload too: the report has a row with its failure
