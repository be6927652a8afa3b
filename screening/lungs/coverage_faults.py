"""Why a coverage is not complete: one table of rules, each with its error, in the order in which they are told."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from screening.errors import (
    CoverageError,
    LungsIncomplete,
    LungsNotAerated,
    LungsTooSmall,
    NoLung,
    RibCageNotFound,
    ViewGapTooWide,
)
from screening.lungs import coverage_rules as rules
from screening.lungs.lung_measures import LungCoverage, LungMeasures
from screening.lungs.lung_profile import AirlessKind, AirlessSpan


@dataclass(frozen=True)
class CoverageFault:
    """`detail` says what was seen and what to do."""

    kind: type[CoverageError]
    detail: str

    @property
    def code(self) -> str:
        """Stable."""
        return self.kind.code

    def error(self, study_uid: str) -> CoverageError:
        """The error of a study that is not analysed for this fault."""
        return self.kind(self.detail, study_uid)


def faults_of(coverage: LungMeasures) -> tuple[CoverageFault, ...]:
    """Every rule that the coverage breaks, in the table's order; without lungs, the first alone."""
    if coverage.first_mm is None:
        return (CoverageFault(NoLung, _NO_LUNG),)
    broken = ((kind, rule(coverage)) for kind, rule in RULES)
    return tuple(CoverageFault(kind, detail) for kind, detail in broken if detail)


_NO_LUNG: Final = (
    "No lung with air was found in the series. Send a CT of the chest; where it is one, both lungs hold no air and a "
    "radiologist has to read it."
)
_READ: Final = "A radiologist has to read the study."


def _cut_by_stack(coverage: LungMeasures) -> str | None:
    ends = [
        f"the {side} lung at the {end} end ({area:.0f} cm2)"
        for side, lung in _sides(coverage)
        for end, area in zip(("lower", "upper"), lung.cut_cm2, strict=True)
        if area > rules.CUT_CM2
    ]
    if not ends:
        return None
    return (
        f"The lungs reach the end of the stack of slices, so that only a part of them is seen: {', '.join(ends)}. "
        "Send a series that shows both lungs from apex to base."
    )


def _cut_by_field(coverage: LungMeasures) -> str | None:
    cut = [
        f"the {side} lung over {lung.edge_mm:.0f} mm" for side, lung in _sides(coverage) if lung.edge_mm > rules.EDGE_MM
    ]
    if not cut:
        return None
    return (
        f"The lungs reach the edge of the field of view, so that only a part of them is seen: {', '.join(cut)}. "
        "Send a reconstruction whose field holds both lungs."
    )


def _one_lung(coverage: LungMeasures) -> str | None:
    missing = [side for side, lung in _sides(coverage) if lung.first_mm is None]
    if not missing:
        return None
    return f"Only one lung with air was found; the {missing[0]} one is missing or holds no air. {_READ}"


def _too_small(coverage: LungMeasures) -> str | None:
    height, volume = coverage.height_mm, coverage.volume_ml
    if height >= rules.LEAST_HEIGHT_MM and volume >= rules.LEAST_VOLUME_ML:
        return None
    return (
        f"The lungs with air are too small for an adult: {height:.0f} mm high, {volume:.0f} ml; at least "
        f"{rules.LEAST_HEIGHT_MM:.0f} mm and {rules.LEAST_VOLUME_ML:.0f} ml are needed. Lungs of children are too "
        f"small for this program; in an adult, parts of the lungs hold no air or are not seen. {_READ}"
    )


def _airless(coverage: LungMeasures) -> str | None:
    said = [
        _WORDS[span.kind].format(side=side, low=span.from_mm, high=span.to_mm)
        for side, lung in _sides(coverage)
        for span in _worst_of_each_kind(lung.airless)
    ]
    return (
        f"Parts of the lungs seem to hold no air, heights above the lowest slice: {'; '.join(said)}. {_READ}"
        if said
        else None
    )


_WORDS: Final = {
    AirlessKind.BAND: "the {side} lung lies on both sides of a gap without air ({low:.0f} to {high:.0f} mm)",
    AirlessKind.BELOW: "the {side} lung ends abruptly at its base (at {high:.0f} mm), high above the diaphragm",
    AirlessKind.ABOVE: "the {side} lung ends abruptly at its top (at {low:.0f} mm)",
    AirlessKind.STEP: "the section of the {side} lung changes abruptly ({low:.0f} to {high:.0f} mm)",
    AirlessKind.BEHIND: "the {side} lung lies apart from the ribs behind it ({low:.0f} to {high:.0f} mm)",
    AirlessKind.BESIDE: "the {side} lung lies apart from the ribs beside it ({low:.0f} to {high:.0f} mm)",
}


def _worst_of_each_kind(spans: tuple[AirlessSpan, ...]) -> list[AirlessSpan]:
    worst = {span.kind: span for span in sorted(spans, key=lambda span: span.height_mm)}
    return [worst[kind] for kind in AirlessKind if kind in worst]


def _uneven_sides(coverage: LungMeasures) -> str | None:
    right, left = coverage.right, coverage.left
    if right.first_mm is None or left.first_mm is None or right.last_mm is None or left.last_mm is None:
        return None
    ratio = min(right.volume_ml, left.volume_ml) / max(right.volume_ml, left.volume_ml)
    bases, apices = abs(right.first_mm - left.first_mm), abs(right.last_mm - left.last_mm)
    if ratio >= rules.LEAST_SIDE_RATIO and bases <= rules.BASES_APART_MM and apices <= rules.APICES_APART_MM:
        return None
    return (
        f"One lung is far smaller than the other: {right.volume_ml:.0f} ml on the right, {left.volume_ml:.0f} ml on "
        f"the left; their bases end {bases:.0f} mm and their tops {apices:.0f} mm apart in height. {_READ}"
    )


def _no_rib_cage(coverage: LungMeasures) -> str | None:
    bare = [side for side, lung in _sides(coverage) if lung.volume_ml and lung.wall_share < rules.LEAST_WALL_SHARE]
    if not bare:
        return None
    return (
        f"No ribs were found behind the {' and the '.join(bare)} lung, so it cannot be told whether the lungs fill the "
        f"thorax. {_READ}"
    )


def _view_gap(coverage: LungMeasures) -> str | None:
    widest = coverage.widest_unseen_mm
    allowed = coverage.view_spacing_mm if coverage.passed_over else rules.WIDEST_STEP_MM
    if widest <= allowed + 0.5:
        return None
    blank = (
        f"; {len(coverage.blank_slices)} slices hold one value in all pixels, no image" if coverage.blank_slices else ""
    )
    return (
        f"The slices are too far apart: {widest:.1f} mm of the lungs lie between two that were looked at, at most "
        f"{allowed:.0f} mm may{blank}. Send all slices of the series, or a series with smaller steps."
    )


def _sides(coverage: LungMeasures) -> tuple[tuple[str, LungCoverage], tuple[str, LungCoverage]]:
    return ("right", coverage.right), ("left", coverage.left)


RULES: Final[tuple[tuple[type[CoverageError], Callable[[LungMeasures], str | None]], ...]] = (
    (LungsIncomplete, _cut_by_stack),
    (LungsIncomplete, _cut_by_field),
    (LungsIncomplete, _one_lung),
    (LungsTooSmall, _too_small),
    (LungsNotAerated, _airless),
    (LungsNotAerated, _uneven_sides),
    (RibCageNotFound, _no_rib_cage),
    (ViewGapTooWide, _view_gap),
)
