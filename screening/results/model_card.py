"""The model card: identity and evaluation of the weights, and every number that decides a verdict."""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal, Self

from screening.contract import EXPERT, Contract
from screening.results.expert_rules import ExpertRules
from screening.results.finding_rules import NONE_ASSESSED, FindingRules
from screening.results.volume_rule import VolumeRule
from screening.user_error import UserError

MIN_BINS: Final = 2
USUAL_LUNGS_MM: Final = 250.0
WIDEST_VIEW_SPACING_MM: Final = 8.0  # a lesion of 10 mm is then in one view at least
VERSION_HEX_DIGITS: Final = 7  # of a hash in hex: 268 million values, all valid as a version number in Triton


class InvalidModelCard(UserError):
    """The model card is missing, incomplete or inconsistent; no study may be screened with it."""


@dataclass(frozen=True)
class MeasuredOn:
    """The test studies of an operating point's figures, and the independent patients behind each class.

    `composed`: the studies were composed of published slices of `data_sets`; otherwise they are whole volumes.
    """

    studies: int
    composed: bool
    data_sets: tuple[str, ...]
    patients_pathological: int
    patients_normal: int

    def __post_init__(self) -> None:
        if min(self.studies, self.patients_pathological, self.patients_normal) < 1 or not self.data_sets:
            raise InvalidModelCard(f"measured_on needs studies, data sets and patients of both classes: {self}")


@dataclass(frozen=True)
class OperatingPoint:
    """A threshold on the calibrated probability; figures that were not measured are None.

    `_ci` are exact 95 % confidence intervals (low, high) over patients; `rule_out_rate` is the share of test studies
    with verdict normal.
    """

    name: str
    threshold: float
    sensitivity: float | None = None
    specificity: float | None = None
    sensitivity_ci: tuple[float, float] | None = None
    specificity_ci: tuple[float, float] | None = None
    rule_out_rate: float | None = None
    rule_out_rate_ci: tuple[float, float] | None = None
    measured_on: MeasuredOn | None = None

    def __post_init__(self) -> None:
        if not 0.0 < self.threshold < 1.0:
            raise InvalidModelCard(f"operating point {self.name}: threshold {self.threshold} is not inside (0, 1)")
        for interval in (self.sensitivity_ci, self.specificity_ci, self.rule_out_rate_ci):
            if interval is not None and not 0.0 <= interval[0] < interval[1] <= 1.0:
                raise InvalidModelCard(f"operating point {self.name}: {list(interval)} is no interval of a proportion")


@dataclass(frozen=True)
class Calibration:
    """Platt's a and b: probability = 1 / (1 + exp(-(a * x + b))); a > 0 preserves the order of the scores.

    x is the score, as the original authors have it, or its logit: where a scanner's scores all lie near 1, only their
    logits are still apart.
    """

    a: float
    b: float
    of: Literal["score", "logit"] = "score"

    def __post_init__(self) -> None:
        if self.of not in ("score", "logit"):
            raise InvalidModelCard(f"a calibration of the {self.of} is not known")
        if not self.a > 0.0:
            raise InvalidModelCard(
                f"calibration slope a = {self.a} must be positive: the probability rises with the score"
            )

    def to_json(self) -> dict[str, Any]:
        """The model card's entry; `of` is left out where it is the score, as in older cards."""
        return {"a": self.a, "b": self.b} | ({"of": self.of} if self.of != "score" else {})


@dataclass(frozen=True)
class ErrorRange:
    """The reconstruction errors that map to r = 0 and r = 1."""

    r_min: float
    r_max: float

    def __post_init__(self) -> None:
        if not self.r_max > self.r_min:
            raise InvalidModelCard(f"error range is empty: r_min {self.r_min}, r_max {self.r_max}")


@dataclass(frozen=True)
class FusionRules:
    """How the outputs of slices become the study's score (`screening.results.fusion`).

    r is clipped to `error_clip`, so that the autoencoder alone cannot pass every threshold, and counts only in views of
    which at least `error_min_lung_share` is lung that counts.
    """

    volume_rule: VolumeRule
    error_range: ErrorRange
    error_clip: float
    error_min_lung_share: float


@dataclass(frozen=True)
class ModelCard:
    """All that serving reads about the weights; `file_hashes` maps paths in the model repository to their SHA-256.

    `probability_histogram` counts the validation studies by probability, in equal bins of [0, 1]; drift is measured
    against it. It may be None; no verdict uses it. Plain views lie at most `view_spacing_mm` apart; the
    `test_time_slices` slices with the highest plain logits get the other test-time views as well. Without
    `expert3d` there is no 3D expert.
    """

    version: str
    trained: bool
    image_size: int
    activation_size: int
    error_map_size: int
    view_spacing_mm: float
    test_time_slices: int
    fusion: FusionRules
    calibration: Calibration
    operating_points: Mapping[str, OperatingPoint]
    operating_point: OperatingPoint
    file_hashes: Mapping[str, str]
    probability_histogram: tuple[int, ...] | None = None
    expert3d: ExpertRules | None = None
    findings: FindingRules = NONE_ASSESSED

    def __post_init__(self) -> None:
        counts = self.probability_histogram
        if counts is not None and (len(counts) < MIN_BINS or min(counts) < 0 or not sum(counts)):
            raise InvalidModelCard(f"probability_histogram {list(counts)} counts no study, or has a negative count")
        if not 0.0 < self.view_spacing_mm <= WIDEST_VIEW_SPACING_MM or self.test_time_slices < 0:
            raise InvalidModelCard(
                f"view_spacing_mm {self.view_spacing_mm} is not in (0, {WIDEST_VIEW_SPACING_MM}], or test_time_slices "
                f"{self.test_time_slices} is negative"
            )

        if self.expert3d is not None and not any(name.startswith(f"{EXPERT}/") for name in self.file_hashes):
            raise InvalidModelCard(f"the card has rules for {EXPERT}, and names no file of it: export it again")

    @property
    def contract(self) -> Contract:
        has_expert = self.expert3d is not None
        return Contract(self.image_size, self.activation_size, self.error_map_size, has_expert, self.findings.kind)

    @property
    def score_fingerprint(self) -> str:
        """A hash of all that makes a study's score but the volume rule, and but whether the 3D expert was asked.

        Reports with an equal one have values of slices that another volume rule can be applied to.
        """
        fusion, expert = self.fusion, self.expert3d
        rules = {
            "view_spacing_mm": self.view_spacing_mm,
            "test_time_slices": self.test_time_slices,
            "error_range": asdict(fusion.error_range),
            "error_rule": [fusion.error_clip, fusion.error_min_lung_share],
            "expert3d": expert and [expert.slope, expert.shift],
        }
        return fingerprint(rules, dict(self.file_hashes))

    @property
    def slices_of_a_study(self) -> int:
        """How many slices a study of lungs of `USUAL_LUNGS_MM` sends; the number is known only when it is prepared."""
        return math.ceil(USUAL_LUNGS_MM / self.view_spacing_mm)

    @property
    def ensemble_version(self) -> int:
        """Triton's version number of the ensemble, derived from the weights' hashes.

        A server with other weights refuses each request. Without it, a server restarted on another repository would
        answer, and its outputs would be used with this card's thresholds.
        """
        content = json.dumps(dict(sorted(self.file_hashes.items())))
        return 1 + int(hashlib.sha256(content.encode()).hexdigest()[:VERSION_HEX_DIGITS], 16)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read `model_card.json`; every field that decides a verdict is required and has no default."""
        try:
            return cls.from_json(json.loads(path.read_text("utf-8")))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InvalidModelCard(f"{path.name} cannot be used: {type(error).__name__}: {error}") from error

    @classmethod
    def from_json(cls, card: Mapping[str, Any]) -> Self:
        points = {name: _point(name, figures) for name, figures in card["operating_points"].items()}
        histogram = card.get("probability_histogram")
        return cls(
            version=card["version"],
            trained=card["trained"],
            image_size=card["image_size"],
            activation_size=card["activation_size"],
            error_map_size=card["error_map_size"],
            view_spacing_mm=float(card["view_spacing_mm"]),
            test_time_slices=card["test_time_slices"],
            fusion=_fusion_rules(card),
            calibration=Calibration(**card["calibration"]),
            operating_points=MappingProxyType(points),
            operating_point=points[card["operating_point"]],
            file_hashes=MappingProxyType(dict(card["file_hashes"])),
            probability_histogram=tuple(histogram) if histogram is not None else None,
            expert3d=_expert_rules(card["expert3d"]) if "expert3d" in card else None,
            findings=FindingRules.of_card(card),
        )


def fingerprint(decision: Mapping[str, Any], file_hashes: Mapping[str, str]) -> str:
    """A hash of the decision parameters and of all files with weights: the second half of a card's version."""
    content = json.dumps([decision, file_hashes], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:12]


def _fusion_rules(card: Mapping[str, Any]) -> FusionRules:
    rule, error = card["volume_rule"], card["error_rule"]
    return FusionRules(
        VolumeRule.from_json(rule),
        ErrorRange(**card["error_range"]),
        float(error["clip"]),
        float(error["min_lung_share"]),
    )


def _expert_rules(rules: Mapping[str, Any]) -> ExpertRules:
    try:
        return ExpertRules.from_json(rules)
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidModelCard(f"expert3d cannot be used: {type(error).__name__}: {error}") from error


def _point(name: str, figures: Mapping[str, Any]) -> OperatingPoint:
    """JSON has lists only; intervals are pairs.

    An interval is dropped when the card does not say over how many patients: older cards took composed studies for
    patients, and their intervals are too narrow, down to no width at all.
    """
    studies = figures.get("measured_on")
    measured_on = MeasuredOn(**{**studies, "data_sets": tuple(studies["data_sets"])}) if studies else None
    intervals = {
        figure: tuple(value) if measured_on and value else None
        for figure, value in figures.items()
        if figure.endswith("_ci")
    }
    return OperatingPoint(**{**figures, **intervals, "name": name, "measured_on": measured_on})
