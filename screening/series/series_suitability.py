"""Which stacks of slices can be screened: a table of rules, checked in order."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from screening.dicom.geometry import distances_along_normal_mm, has_places, slice_normal, sort_by_position, spacing_mm
from screening.dicom.slice_header import SliceHeader
from screening.dicom.transfer_syntaxes import is_decodable, syntax_label
from screening.errors import (
    InvalidSpacing,
    MissingPosition,
    NoChestSeries,
    NoPixelData,
    NotComputedTomography,
    StudyError,
    UnsupportedTransferSyntax,
)

MIN_SLICES = 10  # adult lungs are 180 mm high at least; the widest step that coverage accepts shows them in ten slices
MAX_STEP_MM = 20.5  # high-resolution protocols take a slice every 10 to 20 mm; a lesion of that height would be missed
MIN_AXIAL = 0.85  # cosine between slice normal and body axis; gantries tilt by up to 30 degrees
MIN_HEIGHT_MM = 80.0  # the lungs of an adult are 200 to 300 mm high; a lower stack misses most of them
SAME_SPACING = 1.001
SPACING_RANGE_MM = (0.05, 10.0)  # between pixels: micro-CT is below, no scan of a person is above

# PS3.3 C.7.3.1.1.1. Only these are quoted in an error: the element may hold any text, even a patient's name.
OTHER_MODALITIES = frozenset({"CR", "DOC", "DX", "MG", "MR", "NM", "OT", "PR", "PT", "RTSTRUCT", "SC", "SR", "US"})

Stack = Sequence[SliceHeader]


@dataclass(frozen=True)
class SuitabilityRule:
    """A rule for stacks: whether one violates it, and the error and explanation when it does."""

    code: str
    error: type[StudyError]
    violates: Callable[[Stack], bool]
    explanation: str


@dataclass(frozen=True)
class RuleViolation:
    """The first rule that a stack violates; `passed` is the number of rules before it."""

    code: str
    error: type[StudyError]
    explanation: str
    passed: int


def first_violation(stack: Stack) -> RuleViolation | None:
    """The first rule that a stack (not empty) violates; None when it can be screened."""
    for passed, rule in enumerate(RULES):
        if rule.violates(stack):
            return RuleViolation(rule.code, rule.error, rule.explanation.format(**_facts(stack)), passed)
    return None


def _facts(stack: Stack) -> dict[str, str]:
    syntaxes = sorted({syntax_label(one.pixels.transfer_syntax) for one in stack if one.pixels})
    modality = stack[0].modality if stack[0].modality in OTHER_MODALITIES else "another modality"
    places = sort_by_position(stack) if has_places(stack) else ()
    return {
        "slices": str(len(stack)),
        "places": str(len(places)),
        "step": f"{spacing_mm(places):.1f}" if len(places) > 1 else "",
        "modality": modality,
        "syntaxes": ", ".join(syntaxes),
    }


def _without_pixels(stack: Stack) -> bool:
    return any(one.pixels is None for one in stack)


def _no_ct(stack: Stack) -> bool:
    return any(one.modality != "CT" for one in stack)


def _localiser(stack: Stack) -> bool:
    return any(one.localiser for one in stack)


def _undecodable(stack: Stack) -> bool:
    return any(one.pixels is not None and not is_decodable(one.pixels.transfer_syntax) for one in stack)


def _colour(stack: Stack) -> bool:
    return any(one.pixels and (one.pixels.samples, one.pixels.photometric[:10]) != (1, "MONOCHROME") for one in stack)


def _not_hu(stack: Stack) -> bool:
    # PS3.3 C.11.1.1.2: US is "unspecified", which exporters write for HU; others (iodine, density, Z) are not HU.
    return any(one.rescale.unit not in ("HU", "US") for one in stack)


def _unplaced(stack: Stack) -> bool:
    return not has_places(stack)


def _wrong_spacing(stack: Stack) -> bool:
    low, high = SPACING_RANGE_MM
    spacings = [mm for one in stack for mm in (one.spacing_mm or (0.0, 0.0))]
    if not all(low <= mm <= high for mm in spacings):
        return True
    return any(max(axis) > min(axis) * SAME_SPACING for axis in (spacings[::2], spacings[1::2]))


def _not_axial(stack: Stack) -> bool:
    orientation = stack[0].orientation
    return orientation is None or abs(float(slice_normal(orientation)[2])) < MIN_AXIAL


def _too_few(stack: Stack) -> bool:
    return len(sort_by_position(stack)) < MIN_SLICES


def _too_short(stack: Stack) -> bool:
    heights = distances_along_normal_mm(stack)
    return float(heights.max() - heights.min()) < MIN_HEIGHT_MM


def _steps_too_wide(stack: Stack) -> bool:
    return spacing_mm(sort_by_position(stack)) > MAX_STEP_MM


def _projections(stack: Stack) -> bool:
    return any(one.projection for one in stack)


def _one_place(stack: Stack) -> bool:
    return len(stack) > 1 and len(sort_by_position(stack)) == 1


RULES: tuple[SuitabilityRule, ...] = (
    SuitabilityRule("not_ct", NotComputedTomography, _no_ct, "Not CT but {modality}."),
    SuitabilityRule("localiser", NoChestSeries, _localiser, "A localiser, not a scan."),
    SuitabilityRule(
        "projection",
        NoChestSeries,
        _projections,
        "The slices are projections (MIP, MinIP or an average), not a scan. Send the slices that they were made from.",
    ),
    SuitabilityRule("no_pixel_data", NoPixelData, _without_pixels, "There are no pixel data."),
    SuitabilityRule(
        "unsupported_transfer_syntax", UnsupportedTransferSyntax, _undecodable, "No decoder for {syntaxes}."
    ),
    SuitabilityRule("colour", NoChestSeries, _colour, "The slices are in colour, so they hold no HU."),
    SuitabilityRule(
        "not_hu", NoChestSeries, _not_hu, "The values are no Hounsfield units but of another kind (Rescale Type)."
    ),
    SuitabilityRule(
        "missing_position", MissingPosition, _unplaced, "Position or Orientation (Patient) is missing or impossible."
    ),
    SuitabilityRule(
        "invalid_spacing", InvalidSpacing, _wrong_spacing, "Pixel Spacing is missing, zero, absurd or changes."
    ),
    SuitabilityRule("not_axial", NoChestSeries, _not_axial, "The slices are not axial."),
    SuitabilityRule(
        "one_position",
        NoChestSeries,
        _one_place,
        "All {slices} slices lie at one place: they have the same Image Position (Patient). Send the original series.",
    ),
    SuitabilityRule(
        "too_few_slices",
        NoChestSeries,
        _too_few,
        f"{{slices}} slice(s) at {{places}} place(s); at least {MIN_SLICES} places are needed. Send the whole series.",
    ),
    SuitabilityRule(
        "steps_too_wide",
        NoChestSeries,
        _steps_too_wide,
        f"The slices are {{step}} mm apart; at most {MAX_STEP_MM:g} mm are accepted, since lesions between slices are "
        "not seen. Send a series with smaller steps.",
    ),
    SuitabilityRule(
        "too_short", NoChestSeries, _too_short, f"The slices span less than {MIN_HEIGHT_MM:g} mm of the body."
    ),
)
