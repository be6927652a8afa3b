"""Why values are no Hounsfield units, in words that name the element: a table from the surest sign to the vaguest."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from screening.dicom.slice_header import NIFTI_SYNTAX, SliceHeader


@dataclass(frozen=True)
class Values:
    """The range of values after rescale, what share of the pixels is padding, and the header of one slice."""

    header: SliceHeader
    low: float
    high: float
    padding: float

    @property
    def nifti(self) -> bool:
        """Whether they come from NIfTI, which has no elements of DICOM."""
        return self.header.pixels is not None and self.header.pixels.transfer_syntax == NIFTI_SYNTAX

    @property
    def unsigned(self) -> bool:
        """Whether Pixel Representation says that there is no sign."""
        return self.header.pixels is not None and not self.header.pixels.signed

    @property
    def left_aligned(self) -> bool:
        """Whether High Bit and Bits Stored disagree."""
        pixels = self.header.pixels
        return pixels is not None and pixels.high_bit + 1 != pixels.bits_stored


@dataclass(frozen=True)
class Cause:
    """A sign that can be seen in the values, and what it says."""

    seen: Callable[[Values], bool]
    words: str


ALL_PIXELS = 0.99  # a share: a few pixels beside the padding make no picture
_SEND = "Send the original CT images, or values in Hounsfield units."
_MISSING = "Rescale Slope and Rescale Intercept are missing."

CAUSES: tuple[Cause, ...] = (
    Cause(lambda values: math.isnan(values.low), "None of them is a number (NaN)."),
    Cause(
        lambda values: values.padding >= ALL_PIXELS,
        "By Pixel Padding Value and Pixel Padding Range Limit all pixels are padding.",
    ),
    Cause(
        lambda values: values.left_aligned and values.high > 8192,
        "High Bit does not fit Bits Stored: the values may be shifted by some bits.",
    ),
    Cause(
        lambda values: values.unsigned and values.high > 60_000 and values.low >= 0,
        "Air reads 64512 or so: they were stored with a sign, and Pixel Representation says unsigned.",
    ),
    Cause(lambda values: values.low >= 0 and values.high <= 1, "They were scaled to 0 ... 1."),
    Cause(
        lambda values: values.low >= 0 and values.high <= 255 and values.header.rescale.stated,
        "They are a picture of 8 bits (a window), of which HU cannot be had back.",
    ),
    Cause(
        lambda values: values.low >= 0 and values.high <= 255,
        f"They are a picture of 8 bits (a window), of which HU cannot be had back. {_MISSING}",
    ),
    Cause(lambda values: values.low >= 0 and values.nifti, "1024 may have been added: air is -1000 HU."),
    Cause(lambda values: not values.header.rescale.stated, _MISSING),
    Cause(lambda values: values.low <= -1900, "Rescale Intercept seems to have been applied twice."),
    Cause(lambda values: values.low >= 0, "Rescale Intercept may be wrong: air is -1000 HU."),
    Cause(lambda values: values.low > -700, "There is no air in them: they may have been cut to a window."),
)


def explained(values: Values) -> str:
    """The values' range, the first cause that is seen, and what to do."""
    cause = next((cause.words for cause in CAUSES if cause.seen(values)), "Rescale Slope or Intercept may be wrong.")
    return f"The values are no Hounsfield units: they lie between {values.low:g} and {values.high:g}. {cause} {_SEND}"
