"""The 3D expert's part of the model card: which studies it is asked about, and how its logit joins the score."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True)
class ExpertRules:
    """p = sigmoid(`slope` x logit + `shift`) is on the classifier's scale and joins the maximum of the study's score.

    The expert is asked when `every_study`, as on a GPU, or when the study's probability without it lies in the grey
    zone: from `low` up to `high`, and up to the threshold in force where that is higher, so that no study becomes
    normal unasked while a less suspicious one is asked. A model card without these rules has no expert.
    """

    slope: float
    shift: float
    grey_zone: tuple[float, float]
    every_study: bool

    def __post_init__(self) -> None:
        low, high = self.grey_zone
        if not (self.slope > 0.0 and 0.0 <= low < high <= 1.0):
            raise ValueError(f"expert3d needs a positive slope and a grey zone inside [0, 1]: {self}")

    @classmethod
    def from_json(cls, rules: Mapping[str, Any]) -> Self:
        low, high = rules["grey_zone"]
        return cls(float(rules["slope"]), float(rules["shift"]), (float(low), float(high)), rules["every_study"])

    def asks(self, probability: float, threshold: float) -> bool:
        """Whether the expert is asked about a study of this calibrated probability at the threshold in force."""
        low, high = self.grey_zone
        return self.every_study or low <= probability < max(high, threshold)
