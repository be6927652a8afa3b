"""The finding that is named: the class that most slices put first."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from screening.contract import FINDINGS


@dataclass(frozen=True)
class Finding:
    """One of the 16: its mean and highest probability over the slices, and how many slices put it first."""

    name: str
    mean: float
    highest: float
    top_slices: int


def findings_of(probabilities: NDArray[np.float32]) -> tuple[Finding, ...]:
    """All findings of [K, 16], the one to be named first: most slices, ties by the mean, then by the class's number."""
    wide = probabilities.astype(np.float64)
    votes = np.bincount(wide.argmax(axis=1), minlength=len(FINDINGS))
    means, highest = wide.mean(axis=0), wide.max(axis=0)
    order = sorted(range(len(FINDINGS)), key=lambda number: (-votes[number], -means[number], number))
    return tuple(
        Finding(FINDINGS[number], float(means[number]), float(highest[number]), int(votes[number])) for number in order
    )
