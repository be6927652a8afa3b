"""The volume rule: from the values of slices to that of the study. Which one, and its mm, is the model card's.

Slices are weighted by the mm that they stand for, so that the value does not depend on how finely a stack was sampled.
`maximum` is the original authors' rule.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class RuleName(StrEnum):
    """How the values of slices become one."""

    MAXIMUM = "maximum"
    MEAN_OF_HIGHEST = "mean_of_highest"
    HIGHEST_RUN = "highest_run"
    PERCENTILE = "percentile"


@dataclass(frozen=True)
class VolumeRule:
    """`mean_of_highest`: the mean over the `mm` of lung with the highest values, wherever they lie.

    `highest_run`: the highest mean over `mm` of neighbouring lung. `percentile`: the value that `percent` of the lung,
    in mm, does not exceed. Raises ValueError unless exactly the parameter of the rule is given, and in its range.
    """

    name: RuleName = RuleName.MAXIMUM
    mm: float | None = None
    percent: float | None = None

    def __post_init__(self) -> None:
        by_mm = self.name in (RuleName.MEAN_OF_HIGHEST, RuleName.HIGHEST_RUN)
        if by_mm != (self.mm is not None) or (self.mm is not None and not self.mm > 0):
            raise ValueError(f"the volume rule {self.name} has {self.mm} mm")
        if (self.name is RuleName.PERCENTILE) != (self.percent is not None):
            raise ValueError(f"the volume rule {self.name} has {self.percent} percent")
        if self.percent is not None and not 0 < self.percent <= 100:
            raise ValueError(f"the volume rule {self.name} has {self.percent} percent")

    def __str__(self) -> str:
        parameter = f", {self.mm:g} mm" if self.mm is not None else ""
        return f"{self.name}{parameter}" + (f", {self.percent:g} %" if self.percent is not None else "")

    @classmethod
    def from_json(cls, rule: Mapping[str, Any]) -> Self:
        """As the model card has it; raises KeyError or ValueError."""
        return cls(RuleName(rule["name"]), rule["mm"], rule.get("percent"))

    def to_json(self) -> dict[str, Any]:
        """The model card's entry; a parameter that the rule does not have is None, and `percent` is left out."""
        return {key: value for key, value in asdict(self).items() if key != "percent" or value is not None}

    def value(self, slices: Floats, extents_mm: Floats) -> float:
        """The study's value from those of its slices [K], the lowest first, and the mm that each stands for [K]."""
        if self.percent is not None:
            return _percentile(slices, extents_mm, self.percent)
        if self.mm is None:
            return float(slices.max())
        if self.name is RuleName.HIGHEST_RUN:
            return _highest_run(slices, extents_mm, self.mm)
        order = np.argsort(-slices, kind="stable")
        ends = np.minimum(np.cumsum(extents_mm[order]), self.mm)
        weights = np.diff(ends, prepend=0.0)
        return float(slices[order] @ weights / ends[-1])


def _highest_run(slices: Floats, extents_mm: Floats, mm: float) -> float:
    """The highest mean over a window of `mm`; where it is highest, one of its ends is that of a slice."""
    edges = np.concatenate([[0.0], np.cumsum(extents_mm)])
    integral = np.concatenate([[0.0], np.cumsum(slices * extents_mm)])
    width = min(mm, float(edges[-1]))
    starts = np.clip(np.concatenate([edges, edges - width]), 0.0, edges[-1] - width)
    return float(((np.interp(starts + width, edges, integral) - np.interp(starts, edges, integral)) / width).max())


def _percentile(slices: Floats, extents_mm: Floats, percent: float) -> float:
    order = np.argsort(slices, kind="stable")
    up_to = np.cumsum(extents_mm[order])
    place = int(np.searchsorted(up_to, percent / 100 * up_to[-1] * (1 - 1e-9)))
    return float(slices[order][min(place, len(order) - 1)])


MAXIMUM: Final = VolumeRule()
CANDIDATES: Final = (  # that the model card compares and that `calibrate` chooses among
    MAXIMUM,
    *[VolumeRule(RuleName.MEAN_OF_HIGHEST, mm) for mm in (8.0, 12.0, 16.0, 20.0, 24.0, 32.0, 40.0)],
    *[VolumeRule(RuleName.HIGHEST_RUN, mm) for mm in (16.0, 24.0)],
    *[VolumeRule(RuleName.PERCENTILE, percent=percent) for percent in (90.0, 95.0)],
)
