"""The valid study of the corpus, and builders of uploads that change it."""

import zipfile
from collections.abc import Callable, Iterable
from functools import cache
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from pydicom import FileDataset, config, dcmread

from screening.phantom.phantom_study import write_phantom
from tests.corpus.case import PLANTED, Builder

Slice = FileDataset
SliceChange = Callable[[Slice], object]

SLICES = 24
SIZE = 128


def clean_slices() -> list[Slice]:
    """A new copy of the clean study, from the feet to the head, with `PLANTED` in its patient details."""
    return [dcmread(BytesIO(content)) for content in clean_files()]


@cache
def clean_files() -> tuple[bytes, ...]:
    """The clean study as DICOM files."""
    with TemporaryDirectory() as folder:
        write_phantom(Path(folder), slices=SLICES, size=SIZE)
        slices = [dcmread(path) for path in Path(folder).rglob("*.dcm")]
    slices.sort(key=lambda slice_: float(slice_.ImagePositionPatient[2]))
    for slice_ in slices:
        add_patient_details(slice_)
    return tuple(to_part10(slice_) for slice_ in slices)


def add_patient_details(slice_: Slice) -> None:
    """Write `PLANTED` into every element that may identify a patient."""
    slice_.PatientName = f"{PLANTED}^Ada"
    slice_.PatientID = f"{PLANTED}-0042"
    slice_.StudyDescription = f"{PLANTED} study"
    slice_.SeriesDescription = f"{PLANTED} chest"
    slice_.InstitutionName = f"{PLANTED} hospital"


def to_part10(slice_: Slice) -> bytes:
    """The slice as a DICOM file, without validation of its values."""
    buffer = BytesIO()
    with config.disable_value_validation():
        slice_.save_as(buffer, enforce_file_format=False)
    return buffer.getvalue()


def zip_of_files(folder: Path, files: Iterable[bytes]) -> Path:
    """The files in one zip, with `PLANTED` in their names."""
    path = folder / f"{PLANTED}.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for number, content in enumerate(files):
            archive.writestr(f"{PLANTED}/{number:04}.dcm", content)
    return path


def with_slices_changed(change: Callable[[list[Slice]], list[Slice]]) -> Builder:
    """An upload of the clean study after this change."""

    def build(folder: Path) -> Path:
        with config.disable_value_validation():
            return zip_of_files(folder, map(to_part10, change(clean_slices())))

    return build


def in_slices(indices: Iterable[int], change_slice: SliceChange) -> Builder:
    """An upload in which the slices of these indices are changed."""

    def change(slices: list[Slice]) -> list[Slice]:
        for index in indices:
            change_slice(slices[index])
        return slices

    return with_slices_changed(change)


def in_every_slice(change_slice: SliceChange) -> Builder:
    """An upload in which every slice is changed."""
    return in_slices(range(SLICES), change_slice)


def set_elements(**values: object) -> SliceChange:
    """A change that sets these elements, by keyword."""

    def change_slice(slice_: Slice) -> None:
        for keyword, value in values.items():
            setattr(slice_, keyword, value)

    return change_slice


def without_elements(*keywords: str) -> SliceChange:
    """A change that deletes these elements."""

    def change_slice(slice_: Slice) -> None:
        for keyword in keywords:
            delattr(slice_, keyword)

    return change_slice


def with_bytes_changed(change: Callable[[bytes], bytes]) -> Builder:
    """An upload in which the bytes of every DICOM file are changed."""
    return lambda folder: zip_of_files(folder, map(change, clean_files()))
