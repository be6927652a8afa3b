"""What makes a stack of slices unfit for screening: one table, from the first question to the last."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from screening.errors import (
    InvalidSpacing,
    MissingPosition,
    NoChestSeries,
    NoPixelData,
    NotComputedTomography,
    StudyError,
    UnsupportedTransferSyntax,
)
from screening.geometry import heights_mm, in_order, normal, steps_mm, unit_square
from screening.slice_header import SliceHeader
from screening.transfer_syntaxes import decodable, described

MIN_SLICES = 12  # as many as the networks look at in one study; thick chest series of 8 mm have about 30
MAX_HOLE_MM = 20.0  # two slices of 8 mm lost in a row; a finding of that height would not be seen
MIN_AXIAL = 0.85  # cosine; gantries tilt by up to 30 degrees
MIN_HEIGHT_MM = 80.0  # the lungs of an adult are 200 to 300 mm high; a slab lower than this leaves most of them out
SAME_SPACING = 1.001
SPACING_RANGE_MM = (0.05, 10.0)  # between pixels: micro-CT below, no scan of a person above

# PS3.3 C.7.3.1.1.1. Only these are quoted: a header may hold anything where its modality should stand, names too.
OTHER_MODALITIES = frozenset({"CR", "DOC", "DX", "MG", "MR", "NM", "OT", "PR", "PT", "RTSTRUCT", "SC", "SR", "US"})

Stack = Sequence[SliceHeader]


@dataclass(frozen=True)
class Rule:
    """A question about a stack, and what is said when the answer is yes."""

    code: str
    error: type[StudyError]
    unfit: Callable[[Stack], bool]
    explanation: str


@dataclass(frozen=True)
class Flaw:
    """The first rule that a stack breaks, with how many it kept before."""

    code: str
    error: type[StudyError]
    explanation: str
    passed: int


def flaw_of(stack: Stack) -> Flaw | None:
    """The first flaw of a stack that is not empty; None when it can be screened."""
    for passed, rule in enumerate(RULES):
        if rule.unfit(stack):
            return Flaw(rule.code, rule.error, rule.explanation.format(**_facts(stack)), passed)
    return None


def _facts(stack: Stack) -> dict[str, str]:
    syntaxes = sorted({described(one.pixels.transfer_syntax) for one in stack if one.pixels})
    modality = stack[0].modality if stack[0].modality in OTHER_MODALITIES else "another modality"
    return {"slices": str(len(stack)), "modality": modality, "syntaxes": ", ".join(syntaxes)}


def _without_pixels(stack: Stack) -> bool:
    return any(one.pixels is None for one in stack)


def _no_ct(stack: Stack) -> bool:
    return any(one.modality != "CT" for one in stack)


def _localiser(stack: Stack) -> bool:
    return any(one.localiser for one in stack)


def _undecodable(stack: Stack) -> bool:
    return any(one.pixels is not None and not decodable(one.pixels.transfer_syntax) for one in stack)


def _colour(stack: Stack) -> bool:
    return any(one.pixels and (one.pixels.samples, one.pixels.photometric[:10]) != (1, "MONOCHROME") for one in stack)


def _not_hu(stack: Stack) -> bool:
    # PS3.3 C.11.1.1.2: US is "unspecified", which exporters write for HU; the rest (iodine, density, Z) are maps.
    return any(one.rescale.unit not in ("HU", "US") for one in stack)


def _unplaced(stack: Stack) -> bool:
    return any(one.position is None or one.orientation is None or not unit_square(one.orientation) for one in stack)


def _wrong_spacing(stack: Stack) -> bool:
    low, high = SPACING_RANGE_MM
    spacings = [mm for one in stack for mm in (one.spacing_mm or (0.0, 0.0))]
    if not all(low <= mm <= high for mm in spacings):
        return True
    return any(max(axis) > min(axis) * SAME_SPACING for axis in (spacings[::2], spacings[1::2]))


def _not_axial(stack: Stack) -> bool:
    orientation = stack[0].orientation
    return orientation is None or abs(float(normal(orientation)[2])) < MIN_AXIAL


def _too_few(stack: Stack) -> bool:
    return len(in_order(stack)) < MIN_SLICES


def _too_low(stack: Stack) -> bool:
    heights = heights_mm(stack)
    return float(heights.max() - heights.min()) < MIN_HEIGHT_MM


def _holes(stack: Stack) -> bool:
    return float(steps_mm(in_order(stack)).max()) > MAX_HOLE_MM


RULES: tuple[Rule, ...] = (
    Rule("not_ct", NotComputedTomography, _no_ct, "Not CT but {modality}."),
    Rule("localiser", NoChestSeries, _localiser, "A localiser, not a scan."),
    Rule("no_pixel_data", NoPixelData, _without_pixels, "There are no pixel data."),
    Rule("unsupported_transfer_syntax", UnsupportedTransferSyntax, _undecodable, "No decoder for {syntaxes}."),
    Rule("colour", NoChestSeries, _colour, "The slices are in colour, so they hold no HU."),
    Rule("not_hu", NoChestSeries, _not_hu, "The values are no Hounsfield units but of another kind (Rescale Type)."),
    Rule("missing_position", MissingPosition, _unplaced, "Position or Orientation (Patient) is missing or impossible."),
    Rule("invalid_spacing", InvalidSpacing, _wrong_spacing, "Pixel Spacing is missing, zero, absurd or changes."),
    Rule("not_axial", NoChestSeries, _not_axial, "The slices are not axial."),
    Rule("too_few_slices", NoChestSeries, _too_few, f"{{slices}} slice(s); at least {MIN_SLICES} places are needed."),
    Rule("too_short", NoChestSeries, _too_low, f"The slices span less than {MIN_HEIGHT_MM:g} mm of the body."),
    Rule("gaps", NoChestSeries, _holes, f"Slices are missing: a hole is wider than {MAX_HOLE_MM:g} mm."),
)
