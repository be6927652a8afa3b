"""Slices whose place in space, or whose names, cannot be believed."""

from random import Random

from pydicom.uid import UID

from tests.corpus.chest import Slice, Spoil, lacking, setting

without_position = lacking("ImagePositionPatient")
without_orientation = lacking("ImageOrientationPatient")
without_spacing = lacking("PixelSpacing")
position_of_nan = setting(ImagePositionPatient=["nan", "nan", "nan"])
position_at_infinity = setting(ImagePositionPatient=["0", "0", "1e999"])
orientation_of_zeros = setting(ImageOrientationPatient=["0"] * 6)
orientation_of_twos = setting(ImageOrientationPatient=["2", "0", "0", "0", "2", "0"])
orientation_of_1e200 = setting(ImageOrientationPatient=["1e200", "0", "0", "0", "1e200", "0"])
orientation_parallel = setting(ImageOrientationPatient=["1", "0", "0", "1", "0", "0"])


def spacing(value: str) -> Spoil:
    return setting(PixelSpacing=[value, value])


def position_of_1e300(slice_: Slice) -> None:
    slice_.ImagePositionPatient[2] = f"{float(slice_.ImagePositionPatient[2])}e300"


def one_place(slice_: Slice) -> None:
    """Every slice lies on top of the first one."""
    slice_.ImagePositionPatient = ["0", "0", "0"]


def gap(slices: list[Slice]) -> list[Slice]:
    """The middle third of the chest is missing."""
    third = len(slices) // 3
    return slices[:third] + slices[-third:]


def study_uid(value: str) -> Spoil:
    return setting(StudyInstanceUID=value)


def backwards(slices: list[Slice]) -> list[Slice]:
    return slices[::-1]


def shuffled(slices: list[Slice]) -> list[Slice]:
    """File names tell nothing of the order: PACS exports count as they please."""
    return Random(0).sample(slices, len(slices))


def doubled(slices: list[Slice]) -> list[Slice]:
    """Every file twice, byte for byte."""
    return [slice_ for slice_ in slices for _ in range(2)]


def contradicting_twins(slices: list[Slice]) -> list[Slice]:
    """Two files of one SOP Instance UID lie in two places; which one is true?"""
    slices[5].SOPInstanceUID = slices[4].SOPInstanceUID
    return slices


def one_uid_for_all(slice_: Slice) -> None:
    """As some anonymisers leave it."""
    slice_.SOPInstanceUID = slice_.file_meta.MediaStorageSOPInstanceUID = UID("1.2.3")
