"""Which uploads a mass run's paths stand for.

A file is one upload. A folder that holds DICOM files itself is one upload, with all that lies below. Any other folder
is a collection: each of its folders, zips and NIfTI files is one upload. Hidden files are no items.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

NO_PREAMBLE: Final = (b"\x02\x00", b"\x08\x00")  # a data set begins with group 0002 or 0008, little endian
ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06")


@dataclass(frozen=True)
class Items:
    """Uploads in order, and what was passed over because it is none."""

    uploads: tuple[Path, ...]
    passed_over: tuple[Path, ...]


def items_of(paths: Iterable[Path]) -> Items:
    """Expand collections; a path that was named is never passed over."""
    uploads: list[Path] = []
    passed_over: list[Path] = []
    for path in paths:
        if not is_collection(path):
            uploads.append(path)
            continue
        for child in _visible(path):
            (uploads if child.is_dir() or _kind(child) else passed_over).append(child)
    return Items(tuple(dict.fromkeys(uploads)), tuple(passed_over))


def is_collection(path: Path) -> bool:
    """Whether the path is a folder without DICOM files of its own."""
    return path.is_dir() and not any(_kind(child) == "dicom" for child in _visible(path) if child.is_file())


def _visible(folder: Path) -> Iterator[Path]:
    return (child for child in sorted(folder.iterdir()) if not child.name.startswith("."))


def _kind(file: Path) -> Literal["dicom", "archive", "nifti"] | None:
    """What a file claims to be, by its first bytes, or by its name where NIfTI hides in gzip; a pipe claims nothing."""
    if not file.is_file():
        return None
    with file.open("rb") as opened:
        head = opened.read(132)
    if head[128:] == b"DICM" or head[:2] in NO_PREAMBLE:
        return "dicom"
    if head[:4] in ZIP:
        return "archive"
    return "nifti" if file.name.lower().endswith((".nii", ".nii.gz")) else None
