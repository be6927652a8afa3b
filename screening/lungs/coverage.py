"""Coverage: how much of the lungs a study shows, and how much of that was looked at. No study is normal without it.

A lung without air looks like the organs around it, so it is found by what is odd about the lung beside it: where it
ends, how its sections change from slice to slice, and how far it lies from the ribs.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from screening.lungs.coverage_faults import CoverageFault, faults_of
from screening.lungs.lung_profile import AirlessSpan, LungProfile, profile_of
from screening.lungs.slice_anatomy import SliceAnatomy


@dataclass(frozen=True)
class LungCoverage:
    """One lung: its ends in mm above the lowest slice, size, where it has no air, what the stack or the field cuts off.

    `cut_cm2` is its area in the lowest and in the highest slice of the stack, `edge_mm` the longest border of it that
    lies at the edge of a slice, `wall_share` the share of its sections with a rib behind them.
    """

    first_mm: float | None
    last_mm: float | None
    height_mm: float
    volume_ml: float
    largest_cm2: float
    cut_cm2: tuple[float, float]
    edge_mm: float
    wall_share: float
    airless: tuple[AirlessSpan, ...]

    @classmethod
    def of(cls, profile: LungProfile) -> "LungCoverage":
        return cls(
            first_mm=profile.first_mm if profile else None,
            last_mm=profile.last_mm if profile else None,
            height_mm=profile.height_mm,
            volume_ml=profile.volume_ml,
            largest_cm2=float(profile.areas_cm2.max(initial=0.0)),
            cut_cm2=profile.cut_cm2 if profile else (0.0, 0.0),
            edge_mm=profile.edge_mm,
            wall_share=profile.wall_share,
            airless=profile.airless(),
        )


@dataclass(frozen=True)
class Coverage:
    """What a study shows of the lungs. `blank_slices` hold one value in all pixels and count as not there.

    `widest_unseen_mm` is the widest stretch between two views, or between the end of the lungs and the first view;
    `passed_over` says whether slices lie in it that no view shows. `airless_share` is the estimated lung without air,
    of all lung.
    """

    right: LungCoverage
    left: LungCoverage
    blank_slices: tuple[int, ...]
    widest_unseen_mm: float
    passed_over: bool
    view_spacing_mm: float
    faults: tuple[CoverageFault, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "faults", faults_of(self))

    @property
    def complete(self) -> bool:
        return not self.faults

    @property
    def lungs(self) -> tuple[LungCoverage, LungCoverage]:
        return self.right, self.left

    @property
    def first_mm(self) -> float | None:
        return min((lung.first_mm for lung in self.lungs if lung.first_mm is not None), default=None)

    @property
    def last_mm(self) -> float | None:
        return max((lung.last_mm for lung in self.lungs if lung.last_mm is not None), default=None)

    @property
    def height_mm(self) -> float:
        return 0.0 if self.first_mm is None or self.last_mm is None else self.last_mm - self.first_mm

    @property
    def volume_ml(self) -> float:
        return self.right.volume_ml + self.left.volume_ml

    @property
    def airless_share(self) -> float:
        airless = sum(span.ml for lung in self.lungs for span in lung.airless)
        whole = airless + self.volume_ml
        return airless / whole if whole else 0.0

    def to_json(self) -> dict[str, Any]:
        """Plain values for the report."""
        return {
            "complete": self.complete,
            "first_mm": self.first_mm,
            "last_mm": self.last_mm,
            "height_mm": self.height_mm,
            "volume_ml": self.volume_ml,
            "airless_share": self.airless_share,
            "widest_unseen_mm": self.widest_unseen_mm,
            "blank_slices": list(self.blank_slices),
            "right": asdict(self.right),
            "left": asdict(self.left),
            "faults": [{"code": fault.code, "detail": fault.detail} for fault in self.faults],
        }


def coverage_of(
    anatomies: Mapping[int, SliceAnatomy],
    heights_mm: Sequence[float],
    viewed: Collection[int],
    view_spacing_mm: float,
) -> Coverage:
    """The coverage that the surveyed slices `anatomies` (by index) and the views of the slices `viewed` give.

    `heights_mm` has every slice of the stack, in mm towards the head from the lowest one. The slices next to both ends
    of the lungs have to be among the surveyed ones.
    """
    blank = tuple(sorted(index for index, one in anatomies.items() if one.blank))
    surveyed = sorted((index for index in anatomies if index not in blank), key=lambda index: heights_mm[index])
    heights = [heights_mm[index] for index in surveyed]
    right, left = (
        LungCoverage.of(profile_of(heights, [getattr(anatomies[index], side) for index in surveyed]))
        for side in ("right", "left")
    )
    ends = [mm for lung in (right, left) for mm in (lung.first_mm, lung.last_mm) if mm is not None]
    seen = [heights_mm[index] for index in viewed if index not in blank]
    there = [height for index, height in enumerate(heights_mm) if index not in blank]
    widest, passed_over = _widest_unseen(min(ends), max(ends), seen, there) if ends else (0.0, False)
    return Coverage(right, left, blank, widest, passed_over, view_spacing_mm)


def _widest_unseen(first: float, last: float, seen: Sequence[float], there: Sequence[float]) -> tuple[float, bool]:
    """The widest stretch from `first` to `last` without a view, and whether slices that are `there` lie in it."""
    inside = sorted(height for height in seen if first <= height <= last)
    stops = np.array([first, *inside, last])
    widest = int(np.diff(stops).argmax())
    low, high = float(stops[widest]), float(stops[widest + 1])
    return high - low, any(low < height < high for height in there)
