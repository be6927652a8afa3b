"""Ranking of the 16 findings of a study; the first is the one that most slices rank highest."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from screening.contract import FINDINGS


@dataclass(frozen=True)
class Finding:
    """One of the 16: its mean and highest probability over the slices; `top_slices` rank it highest."""

    name: str
    mean: float
    highest: float
    top_slices: int


def rank_findings(probabilities: NDArray[np.float32]) -> tuple[Finding, ...]:
    """All findings from probabilities [K, 16], ranked by the number of slices, then the mean, then the class index."""
    wide = probabilities.astype(np.float64)
    votes = np.bincount(wide.argmax(axis=1), minlength=len(FINDINGS))
    means, highest = wide.mean(axis=0), wide.max(axis=0)
    order = sorted(range(len(FINDINGS)), key=lambda number: (-votes[number], -means[number], number))
    return tuple(
        Finding(FINDINGS[number], float(means[number]), float(highest[number]), int(votes[number])) for number in order
    )
