"""The clean study that the corpus spoils, and the ways to spoil and pack it."""

import zipfile
from collections.abc import Callable, Iterable
from functools import cache
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from pydicom import FileDataset, config, dcmread

from screening.phantom import write_phantom
from tests.corpus.case import PLANTED, Builder

Slice = FileDataset
Spoil = Callable[[Slice], object]

SLICES = 24
SIZE = 128


def chest() -> list[Slice]:
    """A fresh copy of the clean study, from the feet to the head, with patient details planted in it."""
    return [dcmread(BytesIO(content)) for content in clean_files()]


@cache
def clean_files() -> tuple[bytes, ...]:
    """The clean study as DICOM files."""
    with TemporaryDirectory() as folder:
        write_phantom(Path(folder), slices=SLICES, size=SIZE)
        slices = [dcmread(path) for path in Path(folder).rglob("*.dcm")]
    slices.sort(key=lambda slice_: float(slice_.ImagePositionPatient[2]))
    for slice_ in slices:
        plant(slice_)
    return tuple(part10(slice_) for slice_ in slices)


def plant(slice_: Slice) -> None:
    """Put the planted word wherever a patient's details may stand."""
    slice_.PatientName = f"{PLANTED}^Ada"
    slice_.PatientID = f"{PLANTED}-0042"
    slice_.StudyDescription = f"{PLANTED} study"
    slice_.SeriesDescription = f"{PLANTED} chest"
    slice_.InstitutionName = f"{PLANTED} hospital"


def part10(slice_: Slice) -> bytes:
    """The slice as a DICOM file, whatever nonsense its values are."""
    buffer = BytesIO()
    with config.disable_value_validation():
        slice_.save_as(buffer, enforce_file_format=False)
    return buffer.getvalue()


def packed(folder: Path, files: Iterable[bytes]) -> Path:
    """The files in one zip, under planted names."""
    path = folder / f"{PLANTED}.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for number, content in enumerate(files):
            archive.writestr(f"{PLANTED}/{number:04}.dcm", content)
    return path


def reworked(change: Callable[[list[Slice]], list[Slice]]) -> Builder:
    """An upload of the clean study after this change."""

    def build(folder: Path) -> Path:
        with config.disable_value_validation():
            return packed(folder, map(part10, change(chest())))

    return build


def some(indices: Iterable[int], spoil: Spoil) -> Builder:
    """An upload in which these slices are spoilt."""

    def change(slices: list[Slice]) -> list[Slice]:
        for index in indices:
            spoil(slices[index])
        return slices

    return reworked(change)


def every(spoil: Spoil) -> Builder:
    """An upload in which every slice is spoilt."""
    return some(range(SLICES), spoil)


def setting(**values: object) -> Spoil:
    """A spoil that sets these attributes."""

    def spoil(slice_: Slice) -> None:
        for keyword, value in values.items():
            setattr(slice_, keyword, value)

    return spoil


def lacking(*keywords: str) -> Spoil:
    """A spoil that deletes these attributes."""

    def spoil(slice_: Slice) -> None:
        for keyword in keywords:
            delattr(slice_, keyword)

    return spoil


def bytewise(change: Callable[[bytes], bytes]) -> Builder:
    """An upload in which the bytes of every DICOM file are changed."""
    return lambda folder: packed(folder, map(change, clean_files()))
