"""The 3D expert's part of the model card: which studies it is asked about, and how its logit joins the score."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True)
class ExpertRules:
    """p = sigmoid(`slope` x logit + `shift`) is on the classifier's scale and joins the maximum of the study's score.

    The expert is asked when `every_study`, as on a GPU, or when the study's probability without it lies in the grey
    zone: from `low` up to `high`, and up to the threshold in force where that is higher, so that no study becomes
    normal unasked while a less suspicious one is asked. It is never asked where slices lie more than `farthest_mm`
    apart: there a vessel looks like a nodule to it. A model card without these rules has no expert.
    """

    slope: float
    shift: float
    grey_zone: tuple[float, float]
    every_study: bool
    farthest_mm: float

    def __post_init__(self) -> None:
        low, high = self.grey_zone
        if not (self.slope > 0.0 and 0.0 <= low < high <= 1.0 and self.farthest_mm > 0.0):
            raise ValueError(f"expert3d needs a positive slope and distance, and a grey zone inside [0, 1]: {self}")

    @classmethod
    def from_json(cls, rules: Mapping[str, Any]) -> Self:
        low, high = (float(edge) for edge in rules["grey_zone"])
        slope, shift, farthest_mm = (float(rules[name]) for name in ("slope", "shift", "farthest_mm"))
        return cls(slope, shift, (low, high), rules["every_study"], farthest_mm)

    def asks(self, probability: float, threshold: float, slice_mm: float) -> bool:
        """Whether the expert is asked about a study of this calibrated probability at the threshold in force.

        Its slices lie `slice_mm` apart.
        """
        low, high = self.grey_zone
        in_zone = self.every_study or low <= probability < max(high, threshold)
        return in_zone and slice_mm <= self.farthest_mm
