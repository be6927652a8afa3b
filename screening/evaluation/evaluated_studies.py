"""Studies with labels, scores and probabilities, and the figures of an operating point on them."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from screening.evaluation.bootstrap import Interval
from screening.evaluation.exact_interval import exact_interval
from screening.evaluation.metrics import Decision, Labels, Scores, decide


@dataclass(frozen=True)
class EvaluatedStudies:
    """Studies that figures are measured on: labels, fused scores, calibrated probabilities and data sets, all [M].

    `patients`: how many independent patients, normal and pathological, their slices are of. `composed`: the studies
    were composed of single slices; otherwise they are whole volumes.
    """

    labels: Labels
    scores: Scores
    probabilities: Scores
    datasets: np.typing.NDArray[np.str_]
    patients: tuple[int, int]
    composed: bool = True

    def to_json(self) -> dict[str, Any]:
        """What figures on these studies were measured on, as the model card says it."""
        normal, pathological = self.patients
        return {
            "studies": len(self.labels),
            "composed": self.composed,
            "data_sets": sorted(set(self.datasets.tolist())),
            "patients_pathological": pathological,
            "patients_normal": normal,
        }


@dataclass(frozen=True)
class Point:
    """An operating point: its threshold and its figures on studies that it was not fitted on."""

    threshold: float
    decision: Decision
    sensitivity: Interval
    specificity: Interval
    rule_out_rate: Interval

    def to_json(self) -> dict[str, Any]:
        """The threshold, and each figure with its interval, rounded to four digits."""
        figures = {name: getattr(self, name) for name in ("sensitivity", "specificity", "rule_out_rate")}
        return {
            "threshold": self.threshold,
            **{name: round(figure.value, 4) for name, figure in figures.items()},
            **{f"{name}_ci": [round(figure.low, 4), round(figure.high, 4)] for name, figure in figures.items()},
        }


def measured_point(studies: EvaluatedStudies, threshold: float) -> Point:
    """Figures at a threshold, with exact intervals as of so many patients."""
    return point_of(decide(studies.labels, studies.probabilities, threshold), threshold, studies.patients)


def point_of(decision: Decision, threshold: float, patients: tuple[int, int]) -> Point:
    """The figures of a decision with exact intervals as of so many patients, normal and pathological."""
    normal, pathological = patients
    return Point(
        threshold,
        decision,
        exact_interval(decision.sensitivity, pathological),
        exact_interval(decision.specificity, normal),
        exact_interval(decision.rule_out_rate, normal + pathological),
    )
