"""Coverage: how much of the lungs a study shows, and how much of that was looked at. No study is normal without it.

A lung without air looks like the organs around it, so it is found by what is odd about the lung beside it: where it
ends, how its sections change from slice to slice, and how far it lies from the ribs.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from screening.lungs.coverage_faults import CoverageFault, faults_of
from screening.lungs.lung_measures import LungCoverage, LungMeasures
from screening.lungs.lung_profile import profile_of
from screening.lungs.slice_anatomy import SliceAnatomy


@dataclass(frozen=True)
class Coverage(LungMeasures):
    """The measures and the rules that they break."""

    faults: tuple[CoverageFault, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "faults", faults_of(self))

    @property
    def complete(self) -> bool:
        return not self.faults

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
