"""What makes a stack of slices unfit for screening: one table, from the first question to the last."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from screening.decoding import decodable, described
from screening.errors import (
    InvalidSpacing,
    MissingPosition,
    NoChestSeries,
    NoPixelData,
    NotComputedTomography,
    StudyError,
    UnsupportedTransferSyntax,
)
from screening.geometry import in_order, normal, steps_mm
from screening.slices import SliceHeader

MIN_SLICES = 12  # as many as the networks look at in one study; thick chest series of 8 mm have about 30
MAX_HOLE_MM = 20.0  # two slices of 8 mm lost in a row; a finding of that height would not be seen
MIN_AXIAL = 0.85  # cosine; gantries tilt by up to 30 degrees
SPACING_RANGE_MM = (0.05, 10.0)  # between pixels: micro-CT below, no scan of a person above

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
    return {"slices": str(len(stack)), "modality": stack[0].modality or "none", "syntaxes": ", ".join(syntaxes)}


def _without_pixels(stack: Stack) -> bool:
    return any(one.pixels is None for one in stack)


def _no_ct(stack: Stack) -> bool:
    return any(one.modality != "CT" for one in stack)


def _localiser(stack: Stack) -> bool:
    return any(one.localiser for one in stack)


def _undecodable(stack: Stack) -> bool:
    return any(one.pixels is not None and not decodable(one.pixels.transfer_syntax) for one in stack)


def _colour(stack: Stack) -> bool:
    return any(one.pixels is not None and one.pixels.samples != 1 for one in stack)


def _unplaced(stack: Stack) -> bool:
    return any(one.position is None or one.orientation is None for one in stack)


def _wrong_spacing(stack: Stack) -> bool:
    low, high = SPACING_RANGE_MM
    return any(one.spacing_mm is None or not all(low <= mm <= high for mm in one.spacing_mm) for one in stack)


def _not_axial(stack: Stack) -> bool:
    orientation = stack[0].orientation
    return orientation is None or abs(float(normal(orientation)[2])) < MIN_AXIAL


def _too_few(stack: Stack) -> bool:
    return len(in_order(stack)) < MIN_SLICES


def _holes(stack: Stack) -> bool:
    return float(steps_mm(in_order(stack)).max()) > MAX_HOLE_MM


RULES: tuple[Rule, ...] = (
    Rule("no_pixel_data", NoPixelData, _without_pixels, "There are no pixel data."),
    Rule("not_ct", NotComputedTomography, _no_ct, "Not CT but modality {modality}."),
    Rule("localiser", NoChestSeries, _localiser, "A localiser, not a scan."),
    Rule(
        "unsupported_transfer_syntax",
        UnsupportedTransferSyntax,
        _undecodable,
        "No decoder for transfer syntax {syntaxes}.",
    ),
    Rule("colour", NoChestSeries, _colour, "The slices are in colour, so they hold no HU."),
    Rule("missing_position", MissingPosition, _unplaced, "Slices have no Image Position or Orientation (Patient)."),
    Rule("invalid_spacing", InvalidSpacing, _wrong_spacing, "Pixel Spacing is missing, zero, no number or absurd."),
    Rule("not_axial", NoChestSeries, _not_axial, "The slices are not axial."),
    Rule(
        "too_few_slices",
        NoChestSeries,
        _too_few,
        f"{{slices}} slice(s); fewer than {MIN_SLICES} places are too few to screen.",
    ),
    Rule("gaps", NoChestSeries, _holes, f"Slices are missing: a hole is wider than {MAX_HOLE_MM:g} mm."),
)
