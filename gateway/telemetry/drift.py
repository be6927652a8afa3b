"""Drift of the probabilities against those of validation: the population stability index (PSI).

PSI = sum over bins of (now - then) * ln(now / then): the symmetric Kullback-Leibler divergence of two histograms. Below
0.1 nothing has changed, above 0.25 much has (Siddiqi, Credit Risk Scorecards, 2006, ch. 6). It shows that patients,
scanners or networks have changed, not that verdicts are wrong; another prevalence changes it too.
"""

from collections import deque
from collections.abc import Sequence
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

WINDOW_STUDIES: Final = (
    1000  # studies; the index of equal distributions is then about bins / window = 0.01, far below 0.1
)
MIN_STUDIES: Final = 200  # below, chance alone reaches 0.1
PRIOR: Final = 0.5  # added to every bin (Jeffreys), so that an empty one is no infinity


class State(StrEnum):
    """Whether drift is measured."""

    MEASURED = "measured"
    TOO_FEW = "too_few"
    NO_REFERENCE = "no_reference"


class Drift:
    """Compares the last probabilities with the histogram of validation (counts in equal bins of [0, 1], or None)."""

    def __init__(self, reference: Sequence[int] | None) -> None:
        self._reference = None if reference is None else np.asarray(reference, np.float64)
        self._probabilities: deque[float] = deque(maxlen=WINDOW_STUDIES)

    def observe(self, probability: float) -> None:
        """Add one study's calibrated probability; it counts until WINDOW_STUDIES more are added."""
        self._probabilities.append(probability)

    @property
    def state(self) -> State:
        if self._reference is None:
            return State.NO_REFERENCE
        return State.MEASURED if len(self._probabilities) >= MIN_STUDIES else State.TOO_FEW

    @property
    def psi(self) -> float:
        """The index; NaN while it is not measured, which no alert compares with anything."""
        if self._reference is None or self.state is not State.MEASURED:
            return float("nan")
        now, _ = np.histogram(self._probabilities, bins=len(self._reference), range=(0.0, 1.0))
        return stability_index(now.astype(np.float64), self._reference)


def stability_index(now: NDArray[np.float64], then: NDArray[np.float64]) -> float:
    """PSI of two histograms of counts [B]; 0 when they have the same shape."""
    p, q = (share / share.sum() for share in (now + PRIOR, then + PRIOR))
    return float(np.sum((p - q) * np.log(p / q)))
