"""Figures of a binary decision, from labels (0, 1) and scores or probabilities, all [N]."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

Labels = NDArray[np.int64]
Scores = NDArray[np.float64]


class OneClass(ValueError):
    """The labels have one class only; the figure needs both."""


@dataclass(frozen=True)
class Decision:
    """Figures at a threshold; a probability at or above it is pathology.

    `rule_out_rate` is the fraction with the verdict normal. A share of no cases is NaN.
    """

    sensitivity: float
    specificity: float
    precision: float
    f1: float
    rule_out_rate: float


def roc_auc(labels: Labels, scores: Scores) -> float:
    """Probability that a pathological case scores higher than a normal one; ties count half (Mann and Whitney 1947)."""
    pathological, normal = _counts(labels)
    ranks = rankdata(scores)
    return float((ranks[labels == 1].sum() - pathological * (pathological + 1) / 2) / (pathological * normal))


def average_precision(labels: Labels, scores: Scores) -> float:
    """Mean precision over the steps of recall; equal scores form one step."""
    pathological, _ = _counts(labels)
    order = np.argsort(-scores, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(scores[order])), len(scores) - 1)
    hits = np.cumsum(labels[order])[ends]
    return float((np.diff(hits, prepend=0) / pathological * hits / (ends + 1)).sum())


def roc_curve(labels: Labels, scores: Scores) -> tuple[Scores, Scores]:
    """False positive rate and sensitivity at each threshold, from the highest to the lowest."""
    pathological, normal = _counts(labels)
    order = np.argsort(-scores, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(scores[order])), len(scores) - 1)
    hits = np.cumsum(labels[order])[ends]
    return np.append(0.0, (ends + 1 - hits) / normal), np.append(0.0, hits / pathological)


def decide(labels: Labels, probabilities: Scores, threshold: float, weights: Scores | None = None) -> Decision:
    """Figures of the verdicts at this threshold; raises OneClass."""
    _counts(labels)
    return decision_of(labels, probabilities >= threshold, weights)


def decision_of(labels: Labels, called: NDArray[np.bool_], weights: Scores | None = None) -> Decision:
    """Figures of verdicts that are given: `called` pathology, each counting as `weights` say, by default one.

    A figure of a class without cases is NaN.
    """
    weight = np.ones(len(labels)) if weights is None else weights
    pathological, normal = weight[labels == 1].sum(), weight[labels == 0].sum()
    hits, alarms = weight[called & (labels == 1)].sum(), weight[called & (labels == 0)].sum()
    return Decision(
        sensitivity=_share(hits, pathological),
        specificity=_share(normal - alarms, normal),
        precision=_share(hits, hits + alarms),
        f1=_share(2 * hits, pathological + hits + alarms),
        rule_out_rate=_share(pathological + normal - hits - alarms, pathological + normal),
    )


def brier(labels: Labels, probabilities: Scores) -> float:
    """Mean squared difference between probability and label (Brier 1950)."""
    return float(np.square(probabilities - labels).mean())


def calibration_error(labels: Labels, probabilities: Scores, bins: int = 10) -> float:
    """ECE: |mean probability - fraction of pathology| over bins of equal width, weighted by their size."""
    indices = np.minimum((probabilities * bins).astype(np.int64), bins - 1)
    sizes = np.bincount(indices, minlength=bins)
    gaps = np.bincount(indices, probabilities, bins) - np.bincount(indices, labels, bins)
    return float(np.abs(gaps).sum() / sizes.sum())


def reliability_figures(labels: Labels, probabilities: Scores) -> dict[str, float]:
    """Brier score and expected calibration error (ECE)."""
    return {"brier": brier(labels, probabilities), "ece": calibration_error(labels, probabilities)}


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole else float("nan")


def _counts(labels: Labels) -> tuple[int, int]:
    pathological = int(labels.sum())
    if not 0 < pathological < len(labels):
        raise OneClass("both classes are needed")
    return pathological, len(labels) - pathological
