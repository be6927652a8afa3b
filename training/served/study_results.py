"""What the evaluation of studies found, as plain values: for the card, and as served_evaluation.json."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from training.run_evaluation import EvaluatedRun
from training.served.composed_calibration import CalibrationLine
from training.served.looks import Looks
from training.served.painted_studies import PaintedStudy
from training.served.rule_comparison import RuleLine
from training.served.stability import ChangedStudy, StabilityLine


@dataclass(frozen=True)
class VolumeLine:
    """One whole study: the verdict as it came, and the range of its logit over all changes."""

    study: str
    dataset: str
    label: int
    verdict: str
    probability: float
    logit: float
    lowest_logit: float
    highest_logit: float


@dataclass(frozen=True)
class MarkedLine:
    """One patient with marked lesions. `trained`: training may have seen the patient.

    Of `views` with the lesion, `hits` have their highest cell on it; `chance` would be that of random cells of lung.
    `study_hit`: the study's highest cell lies on it. `slices_auc`: slices with the lesion against the others.
    """

    study: str
    trained: bool
    views: int
    hits: int
    chance: float
    study_hit: bool
    slices_auc: float | None


@dataclass(frozen=True)
class StudyResults:
    """All results; `threshold` is the study's logit at the operating point in force."""

    networks: str
    operating_point: str
    threshold: float
    volume_rule: str
    volumes: Sequence[VolumeLine]
    marked: Sequence[MarkedLine]
    painted: Sequence[PaintedStudy]
    pairs: Sequence[ChangedStudy]
    stability: Sequence[StabilityLine]
    rules: Sequence[RuleLine]
    calibration: Sequence[CalibrationLine]
    runs: Sequence[EvaluatedRun]
    looks: Looks

    def to_json(self) -> Mapping[str, Any]:
        """Plain values."""
        return asdict(self)
