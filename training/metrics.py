"""Figures of a binary decision from labels (0, 1) and scores or probabilities, all [N]."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

Labels = NDArray[np.int64]
Scores = NDArray[np.float64]


class OneClass(ValueError):
    """Both classes are needed."""


@dataclass(frozen=True)
class Decision:
    """What a threshold does; a probability at or above it means pathology.

    `rule_out_rate` is the share called normal. Precision is NaN where nothing is called pathology.
    """

    sensitivity: float
    specificity: float
    precision: float
    f1: float
    rule_out_rate: float


def roc_auc(labels: Labels, scores: Scores) -> float:
    """Chance that a pathological case scores higher than a normal one, ties count half (Mann and Whitney 1947)."""
    ill, well = _counts(labels)
    ranks = rankdata(scores)
    return float((ranks[labels == 1].sum() - ill * (ill + 1) / 2) / (ill * well))


def average_precision(labels: Labels, scores: Scores) -> float:
    """Mean precision over the steps of recall; equal scores are one step."""
    ill, _ = _counts(labels)
    order = np.argsort(-scores, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(scores[order])), len(scores) - 1)
    hits = np.cumsum(labels[order])[ends]
    return float((np.diff(hits, prepend=0) / ill * hits / (ends + 1)).sum())


def roc_curve(labels: Labels, scores: Scores) -> tuple[Scores, Scores]:
    """Share of false alarms and sensitivity at each threshold, from none to all."""
    ill, well = _counts(labels)
    order = np.argsort(-scores, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(scores[order])), len(scores) - 1)
    hits = np.cumsum(labels[order])[ends]
    return np.append(0.0, (ends + 1 - hits) / well), np.append(0.0, hits / ill)


def decide(labels: Labels, probabilities: Scores, threshold: float) -> Decision:
    """Figures of the verdicts at this threshold."""
    ill, well = _counts(labels)
    called = probabilities >= threshold
    hits, alarms = int(called[labels == 1].sum()), int(called[labels == 0].sum())
    return Decision(
        sensitivity=hits / ill,
        specificity=1.0 - alarms / well,
        precision=hits / (hits + alarms) if hits + alarms else float("nan"),
        f1=2 * hits / (ill + hits + alarms),
        rule_out_rate=float((~called).mean()),
    )


def brier(labels: Labels, probabilities: Scores) -> float:
    """Mean squared distance of the probability from what was true (Brier 1950)."""
    return float(np.square(probabilities - labels).mean())


def calibration_error(labels: Labels, probabilities: Scores, bins: int = 10) -> float:
    """ECE: distance of mean probability from the share of pathology, over bins of equal width, weighted by size."""
    places = np.minimum((probabilities * bins).astype(np.int64), bins - 1)
    sizes = np.bincount(places, minlength=bins)
    gaps = np.bincount(places, probabilities, bins) - np.bincount(places, labels, bins)
    return float(np.abs(gaps).sum() / sizes.sum())


def _counts(labels: Labels) -> tuple[int, int]:
    ill = int(labels.sum())
    if not 0 < ill < len(labels):
        raise OneClass("both classes are needed")
    return ill, len(labels) - ill
