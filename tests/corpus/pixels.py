"""Headers with wrong descriptions of the pixels, and pixels that do not match the header."""

import numpy as np
from pydicom import DataElement

from tests.corpus.clean_study import SLICES, Slice, SliceChange, set_elements

declares_60000 = set_elements(Rows=60_000, Columns=60_000)
declares_billion_frames = set_elements(NumberOfFrames=1_000_000_000)
no_rows = set_elements(Rows=0)
bits_allocated_7 = set_elements(BitsAllocated=7)
bits_allocated_64 = set_elements(BitsAllocated=64)
bits_stored_beyond = set_elements(BitsStored=24, HighBit=23)
sign_of_2 = set_elements(PixelRepresentation=2)
no_samples = set_elements(SamplesPerPixel=0)
monochrome1 = set_elements(PhotometricInterpretation="MONOCHROME1")
no_pixels = set_elements(PixelData=b"")


def negative_rows(slice_: Slice) -> None:
    """Rows as a signed number, which the DICOM dictionary does not allow."""
    slice_["Rows"] = DataElement("Rows", "SS", -512)


def half_the_pixels(slice_: Slice) -> None:
    slice_.PixelData = slice_.PixelData[: len(slice_.PixelData) // 2]


def sign_of_another_kind(slice_: Slice) -> None:
    """The stored values are signed, but the header declares them unsigned, so that air becomes +64,000 HU."""
    signed = np.frombuffer(slice_.PixelData, "<i2") + (
        0 if slice_.PixelRepresentation else float(slice_.RescaleIntercept)
    )
    slice_.PixelData = signed.astype("<i2").tobytes()
    slice_.PixelRepresentation, slice_.RescaleIntercept = 0, "0"


def rescaled(slope: str) -> SliceChange:
    return set_elements(RescaleSlope=slope)


def intercept_of_words(slice_: Slice) -> None:
    slice_["RescaleIntercept"] = DataElement("RescaleIntercept", "LO", "minus one thousand")


def one_slice_truncated(slices: list[Slice]) -> list[Slice]:
    """Only the slice in the middle of the lungs is broken; the others could be screened without it."""
    half_the_pixels(slices[SLICES // 2])
    return slices


def left_aligned(slice_: Slice) -> None:
    """12 bits stored with High Bit 15."""
    values = np.frombuffer(slice_.PixelData, "<u2")
    slice_.PixelData, slice_.HighBit = (values << 4).astype("<u2").tobytes(), 15
