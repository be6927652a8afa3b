"""The volume rule: from the values of slices to that of the study. Which one, and its mm, is the model card's.

Slices are weighted by the mm that they stand for, so that the value does not depend on how finely a stack was sampled.
`maximum` is the original authors' rule.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class RuleName(StrEnum):
    """How the values of slices become one."""

    MAXIMUM = "maximum"
    MEAN_OF_HIGHEST = "mean_of_highest"


@dataclass(frozen=True)
class VolumeRule:
    """`mean_of_highest`: the mean over the `mm` of lung with the highest values; raises ValueError unless mm > 0."""

    name: RuleName = RuleName.MAXIMUM
    mm: float | None = None

    def __post_init__(self) -> None:
        if (self.name is RuleName.MEAN_OF_HIGHEST) != (self.mm is not None) or (self.mm is not None and self.mm <= 0):
            raise ValueError(f"the volume rule {self.name} has {self.mm} mm")

    def value(self, slices: Floats, extents_mm: Floats) -> float:
        """The study's value from those of its slices [K] and the mm that each stands for [K]."""
        if self.mm is None:
            return float(slices.max())
        order = np.argsort(-slices, kind="stable")
        ends = np.minimum(np.cumsum(extents_mm[order]), self.mm)
        weights = np.diff(ends, prepend=0.0)
        return float(slices[order] @ weights / ends[-1])


MAXIMUM: Final = VolumeRule()
