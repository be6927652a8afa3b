"""Slices with missing or impossible positions, orientations, spacing or UIDs."""

from random import Random

from pydicom.dataelem import RawDataElement
from pydicom.uid import UID

from tests.corpus.clean_study import Slice, SliceChange, set_elements, without_elements

without_position = without_elements("ImagePositionPatient")
without_orientation = without_elements("ImageOrientationPatient")
without_spacing = without_elements("PixelSpacing")
position_of_nan = set_elements(ImagePositionPatient=["nan", "nan", "nan"])
position_at_infinity = set_elements(ImagePositionPatient=["0", "0", "1e999"])
orientation_of_zeros = set_elements(ImageOrientationPatient=["0"] * 6)
orientation_of_twos = set_elements(ImageOrientationPatient=["2", "0", "0", "0", "2", "0"])
orientation_of_1e200 = set_elements(ImageOrientationPatient=["1e200", "0", "0", "0", "1e200", "0"])
orientation_parallel = set_elements(ImageOrientationPatient=["1", "0", "0", "1", "0", "0"])


def spacing(value: str) -> SliceChange:
    return set_elements(PixelSpacing=[value, value])


def position_of_1e300(slice_: Slice) -> None:
    slice_.ImagePositionPatient[2] = f"{float(slice_.ImagePositionPatient[2])}e300"


def one_position(slice_: Slice) -> None:
    """Every slice has the same position."""
    slice_.ImagePositionPatient = ["0", "0", "0"]


def gap(slices: list[Slice]) -> list[Slice]:
    """The middle third of the chest is missing."""
    third = len(slices) // 3
    return slices[:third] + slices[-third:]


def study_uid(value: str) -> SliceChange:
    return set_elements(StudyInstanceUID=value)


def backwards(slices: list[Slice]) -> list[Slice]:
    return slices[::-1]


def shuffled(slices: list[Slice]) -> list[Slice]:
    """File names in random order, as in some PACS exports."""
    return Random(0).sample(slices, len(slices))


def doubled(slices: list[Slice]) -> list[Slice]:
    """Every file twice, byte for byte."""
    return [slice_ for slice_ in slices for _ in range(2)]


def duplicate_uid_at_two_positions(slices: list[Slice]) -> list[Slice]:
    """Two files with one SOP Instance UID have different positions."""
    slices[5].SOPInstanceUID = slices[4].SOPInstanceUID
    return slices


def one_uid_for_all(slice_: Slice) -> None:
    """As some anonymisers leave it."""
    slice_.SOPInstanceUID = slice_.file_meta.MediaStorageSOPInstanceUID = UID("1.2.3")


def decimal_commas(slice_: Slice) -> None:
    """Numbers as a program writes them whose language has a decimal comma."""
    for keyword in ("PixelSpacing", "ImagePositionPatient", "RescaleIntercept", "RescaleSlope"):
        values = slice_[keyword].value
        parts = [f"{float(value):.6f}" for value in (values if slice_[keyword].VM > 1 else [values])]
        text = "\\".join(parts).replace(".", ",").encode()
        tag = slice_[keyword].tag
        value = text + b" " * (len(text) % 2)
        slice_[tag] = RawDataElement(tag, "DS", len(value), value, 0, False, True)
