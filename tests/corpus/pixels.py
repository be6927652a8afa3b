"""Headers that lie about the pixels, and pixels that are not what the header says."""

import numpy as np
from pydicom import DataElement

from tests.corpus.chest import SLICES, Slice, Spoil, setting

promises_60000 = setting(Rows=60_000, Columns=60_000)
promises_billion_frames = setting(NumberOfFrames=1_000_000_000)
no_rows = setting(Rows=0)
bits_allocated_7 = setting(BitsAllocated=7)
bits_allocated_64 = setting(BitsAllocated=64)
bits_stored_beyond = setting(BitsStored=24, HighBit=23)
sign_of_2 = setting(PixelRepresentation=2)
no_samples = setting(SamplesPerPixel=0)
monochrome1 = setting(PhotometricInterpretation="MONOCHROME1")
no_pixels = setting(PixelData=b"")


def negative_rows(slice_: Slice) -> None:
    """Rows is written as a signed number, against the dictionary."""
    slice_["Rows"] = DataElement("Rows", "SS", -512)


def half_the_pixels(slice_: Slice) -> None:
    slice_.PixelData = slice_.PixelData[: len(slice_.PixelData) // 2]


def sign_of_another_kind(slice_: Slice) -> None:
    """The stored values are signed; the header says that they are not, so that air reads as +64,000 HU."""
    signed = np.frombuffer(slice_.PixelData, "<i2") + (
        0 if slice_.PixelRepresentation else float(slice_.RescaleIntercept)
    )
    slice_.PixelData = signed.astype("<i2").tobytes()
    slice_.PixelRepresentation, slice_.RescaleIntercept = 0, "0"


def rescaled(slope: str) -> Spoil:
    return setting(RescaleSlope=slope)


def intercept_of_words(slice_: Slice) -> None:
    slice_["RescaleIntercept"] = DataElement("RescaleIntercept", "LO", "minus one thousand")


def one_cut(slices: list[Slice]) -> list[Slice]:
    """Only the slice in the middle of the lungs is broken; the others could well be screened without it."""
    half_the_pixels(slices[SLICES // 2])
    return slices
