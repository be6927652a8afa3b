"""The studies that are sent: a synthetic one and, where they are at hand, real ones of several sizes."""

import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pydicom
from pydicom.uid import generate_uid

from benchmarks.studies import phantom_zip
from benchmarks.two_workers.runs import Kind

NORMAL: Final = "normal001"  # the 3D expert is asked about it
PATHOLOGY: Final = "cap001"


def study_kinds(folder: Path, real: Path) -> list[Kind]:
    """The synthetic study; if available a normal one, half and twice its slices, and a pathology; zips in `folder`."""
    found = [Kind("synthetic", phantom_zip(folder / "synthetic.zip"), 64)]
    normal, pathology = (_files(real / name) for name in (NORMAL, PATHOLOGY))
    if normal:
        found += [_kind(folder, "normal", files) for files in (normal, normal[::2], _closer(folder, normal))]
    if pathology:
        found.append(_kind(folder, "pathology", pathology))
    return found


def zipped_files(path: Path, files: Sequence[Path]) -> Path:
    """The files in a zip at `path`, not compressed: JPEG is already."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for number, file in enumerate(files):
            archive.write(file, f"{number:04}.dcm")
    return path


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _kind(folder: Path, words: str, files: Sequence[Path]) -> Kind:
    count = len(files)
    return Kind(f"real, {words}, {count} slices", zipped_files(folder / f"{words}-{count}.zip", files), count)


def _closer(folder: Path, files: Sequence[Path]) -> list[Path]:
    """About twice the slices: each once more, half a step higher, as if they were thinner."""
    (thin := folder / "thin").mkdir()
    slices = sorted((pydicom.dcmread(file) for file in files), key=lambda one: float(one.ImagePositionPatient[2]))
    step_mm = float(slices[1].ImagePositionPatient[2]) - float(slices[0].ImagePositionPatient[2])
    for number, one in enumerate(slices[:150]):
        one.save_as(thin / f"{2 * number:04}.dcm")
        x, y, z = one.ImagePositionPatient
        one.ImagePositionPatient = [x, y, float(z) + step_mm / 2]
        one.SOPInstanceUID = one.file_meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=[str(number)])
        one.save_as(thin / f"{2 * number + 1:04}.dcm")
    return sorted(thin.iterdir())
