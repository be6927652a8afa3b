"""One lung along the body: from its sections in the surveyed slices to its ends, its volume and where it has no air."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from screening.lungs import coverage_rules as rules
from screening.lungs.slice_anatomy import LungSection

Floats = NDArray[np.float64]


class AirlessKind(StrEnum):
    """Where a lung has no air: between parts with air, beyond an abrupt end, beside an abrupt step, or at the wall."""

    BAND = "band"
    BELOW = "below"
    ABOVE = "above"
    STEP = "step"
    BEHIND = "behind"
    BESIDE = "beside"


@dataclass(frozen=True)
class AirlessSpan:
    """From and to: mm towards the head. `ml` is how much lung is estimated to lack air there."""

    kind: AirlessKind
    from_mm: float
    to_mm: float
    ml: float

    @property
    def height_mm(self) -> float:
        return self.to_mm - self.from_mm


@dataclass(frozen=True)
class LungProfile:
    """Sections of one lung from its lowest to its highest slice; `beyond_mm` is the next slice below and above it.

    `beyond_mm` holds None where the stack ends with the lung.
    """

    heights_mm: Floats
    sections: tuple[LungSection, ...]
    beyond_mm: tuple[float | None, float | None]

    def __bool__(self) -> bool:
        return bool(self.sections)

    @property
    def areas_cm2(self) -> Floats:
        return np.array([section.area_cm2 for section in self.sections])

    @property
    def first_mm(self) -> float:
        """Half way to the next slice below, which shows no lung."""
        return float(self.heights_mm[0] + _or(self.beyond_mm[0], self.heights_mm[0])) / 2

    @property
    def last_mm(self) -> float:
        return float(self.heights_mm[-1] + _or(self.beyond_mm[1], self.heights_mm[-1])) / 2

    @property
    def height_mm(self) -> float:
        return self.last_mm - self.first_mm if self else 0.0

    @property
    def volume_ml(self) -> float:
        if not self:
            return 0.0
        heights = np.concatenate([[self.first_mm], self.heights_mm, [self.last_mm]])
        areas = self.areas_cm2
        return float(np.trapezoid(np.concatenate([areas[:1], areas, areas[-1:]]), heights)) / 10.0

    @property
    def cut_cm2(self) -> tuple[float, float]:
        """The area in the first and in the last slice of the stack; 0 where the stack goes on."""
        below, above = self.beyond_mm
        areas = self.areas_cm2
        return (float(areas[0]) if below is None else 0.0, float(areas[-1]) if above is None else 0.0)

    @property
    def edge_mm(self) -> float:
        return max((section.edge_mm for section in self.sections), default=0.0)

    def airless(self) -> tuple[AirlessSpan, ...]:
        """Everywhere that this lung lacks air, by rules of `coverage_rules`."""
        if not self:
            return ()
        spans = [*_bands(self), *_ends(self), *_steps(self), *_behind(self), *_beside(self)]
        return tuple(sorted(spans, key=lambda span: (span.from_mm, span.kind)))

    @property
    def wall_share(self) -> float:
        """Of the sections below the apex, how many meet a rib behind them within their window."""
        places = _below_apex(self) if self else []
        met = [_wall_gap(self, place, "behind_mm") is not None for place in places]
        return sum(met) / len(met) if met else 0.0


NO_LUNG = LungProfile(np.zeros(0), (), (None, None))


def profile_of(heights_mm: Sequence[float], sections: Sequence[LungSection]) -> LungProfile:
    """The profile of one lung in slices by rising height; runs of it with an airless band between are one lung."""
    areas = np.array([section.area_cm2 for section in sections])
    heights = np.asarray(heights_mm, np.float64)
    runs = _runs(areas)
    if not runs:
        return NO_LUNG
    first, last = _joined(runs, heights, areas)
    below = float(heights[first - 1]) if first else None
    above = float(heights[last + 1]) if last + 1 < len(heights) else None
    lung = LungProfile(heights[first : last + 1], tuple(sections[first : last + 1]), (below, above))
    return lung if lung.volume_ml >= rules.LEAST_LUNG_ML else NO_LUNG


def _runs(areas: Floats) -> list[tuple[int, int]]:
    """First and last place of each run of neighbours that show lung."""
    shown = np.concatenate([[False], areas >= rules.LEAST_SECTION_CM2, [False]])
    edges = np.flatnonzero(np.diff(shown.astype(np.int8)))
    return [(int(start), int(end) - 1) for start, end in zip(edges[::2], edges[1::2], strict=True)]


def _joined(runs: list[tuple[int, int]], heights: Floats, areas: Floats) -> tuple[int, int]:
    """The run with the most lung, and those near to it that are large enough to be lung."""
    main = max(runs, key=lambda run: float(areas[run[0] : run[1] + 1].sum() * _weight(run, heights)))
    first, last = main
    least = max(rules.JOINED_FROM_CM2, rules.JOINED_FROM_SHARE * float(areas[first : last + 1].max()))
    large = [run for run in runs if areas[run[0] : run[1] + 1].max() >= least]
    for start, end in sorted(large, reverse=True):
        if end < first and heights[first] - heights[end] <= rules.JOINED_WITHIN_MM:
            first = start
    for start, end in sorted(large):
        if start > last and heights[start] - heights[last] <= rules.JOINED_WITHIN_MM:
            last = end
    return first, last


def _weight(run: tuple[int, int], heights: Floats) -> float:
    """The mean distance between neighbours of a run, so that fine steps do not count more than wide ones."""
    start, end = max(0, run[0] - 1), min(len(heights) - 1, run[1] + 1)
    return float(heights[end] - heights[start]) / max(1, end - start)


def _bands(lung: LungProfile) -> Iterator[AirlessSpan]:
    areas = lung.areas_cm2
    below, above = np.maximum.accumulate(areas), np.maximum.accumulate(areas[::-1])[::-1]
    valley = areas < rules.VALLEY_SHARE * np.minimum(below, above)
    for first, last in _true_runs(valley):
        low, high = lung.heights_mm[first - 1], lung.heights_mm[last + 1]
        lost = float((areas[first - 1] + areas[last + 1]) / 2 - areas[first : last + 1].mean())
        half = (low + lung.heights_mm[first]) / 2, (high + lung.heights_mm[last]) / 2
        yield AirlessSpan(AirlessKind.BAND, *half, lost * (half[1] - half[0]) / 10.0)


def _ends(lung: LungProfile) -> Iterator[AirlessSpan]:
    areas, heights = lung.areas_cm2, lung.heights_mm
    for kind, place, beyond in ((AirlessKind.BELOW, 0, lung.beyond_mm[0]), (AirlessKind.ABOVE, -1, lung.beyond_mm[1])):
        if beyond is None:
            continue
        gap = abs(beyond - heights[place])
        if areas[place] > rules.END_CM2 + rules.END_CM2_PER_MM * gap:
            low, high = sorted((float(beyond), float(heights[place])))
            yield AirlessSpan(kind, low, high, float(areas[place]) * gap / 10.0)


def _steps(lung: LungProfile) -> Iterator[AirlessSpan]:
    areas, heights = lung.areas_cm2, lung.heights_mm
    change, gap = np.abs(np.diff(areas)), np.diff(heights)
    for place in np.flatnonzero(change > rules.STEP_CM2 + rules.STEP_CM2_PER_MM * gap).tolist():
        ml = float(change[place] * gap[place]) / 10.0
        yield AirlessSpan(AirlessKind.STEP, float(heights[place]), float(heights[place + 1]), ml)


def _behind(lung: LungProfile) -> Iterator[AirlessSpan]:
    return _layers(lung, AirlessKind.BEHIND, _below_apex(lung))


def _beside(lung: LungProfile) -> Iterator[AirlessSpan]:
    lowest = lung.last_mm - rules.LATERAL_SHARE * lung.height_mm
    return _layers(lung, AirlessKind.BESIDE, [p for p in _below_apex(lung) if lung.heights_mm[p] >= lowest])


def _below_apex(lung: LungProfile) -> list[int]:
    return np.flatnonzero(lung.heights_mm <= lung.last_mm - rules.APEX_MM).tolist()


def _layers(lung: LungProfile, kind: AirlessKind, places: Sequence[int]) -> Iterator[AirlessSpan]:
    """Runs of sections whose windows show no lung near to the ribs."""
    name, across = ("behind_mm", "width_mm") if kind is AirlessKind.BEHIND else ("beside_mm", "depth_mm")
    gaps = np.zeros(len(lung.heights_mm))
    for place in places:
        gaps[place] = _wall_gap(lung, place, name) or 0.0
    for first, last in _true_runs(gaps > rules.WALL_GAP_MM):
        heights = lung.heights_mm[max(0, first - 1) : last + 2]
        low, high = float(heights[0] + lung.heights_mm[first]) / 2, float(heights[-1] + lung.heights_mm[last]) / 2
        if high - low < rules.LEAST_LAYER_MM:
            continue
        widths = [getattr(section, across) for section in lung.sections[first : last + 1]]
        area_mm2 = float(np.mean(gaps[first : last + 1] * widths))
        yield AirlessSpan(kind, low, high, area_mm2 * (high - low) / 1000.0)


def _wall_gap(lung: LungProfile, place: int, name: str) -> float | None:
    """The least gap in the slices near to this one and in its neighbours; None where no rib is met in any of them.

    Behind the lower part of a lung every slice meets a rib, so the slice's own gap counts there, but for slivers.
    """
    heights = lung.heights_mm
    section = lung.sections[place]
    own: float | None = getattr(section.gaps, name)
    low = heights[place] < lung.first_mm + rules.LOWER_SHARE * lung.height_mm
    if name == "behind_mm" and own is not None and low and section.area_cm2 >= rules.SLIVER_CM2:
        return own
    near = np.abs(heights - heights[place]) <= rules.WALL_WINDOW_MM
    near[max(0, place - 1) : place + 2] = True
    gaps = [getattr(lung.sections[one].gaps, name) for one in np.flatnonzero(near)]
    met: list[float] = [gap for gap in gaps if gap is not None]
    if met and len(met) < rules.WINDOW_SLICES and min(met) <= rules.NEXT_BONE_MM:
        return min([*met, rules.WALL_GAP_MM])
    return min(met, default=None)


def _true_runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    return [(int(start), int(end) - 1) for start, end in zip(edges[::2], edges[1::2], strict=True)]


def _or(value: float | None, other: float) -> float:
    return other if value is None else value
