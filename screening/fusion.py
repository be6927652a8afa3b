"""Fusion: what the networks said of each slice -> one score for the study, the maximum of its slices.

r = (reconstruction error - r_min) / (r_max - r_min); p = the sigmoid of the logits' mean over the views; the score of
a slice is max(r, p), and that of the study is the highest of its slices. r is not held to 0 ... 1: only the order
counts, and calibration maps all reals.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from screening.contract import FINDINGS, VIEWS
from screening.errors import EngineFault
from screening.model_card import ErrorRange

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class SliceOutputs:
    """The networks' outputs for K slices, float32 and finite; anything else raises EngineFault.

    `logits` [K, V], `activation` [K, h, w], `reconstruction_error` [K], `error_map` [K, g, g], `findings` [K, 16].
    """

    logits: Floats
    activation: Floats
    reconstruction_error: Floats
    error_map: Floats
    findings: Floats

    def __post_init__(self) -> None:
        count = len(self.logits)
        shapes = {
            "logits": (count, len(VIEWS)),
            "activation": (count, *self.activation.shape[1:3]),
            "reconstruction_error": (count,),
            "error_map": (count, *self.error_map.shape[1:3]),
            "findings": (count, len(FINDINGS)),
        }
        for name, shape in shapes.items():
            values: Floats = getattr(self, name)
            if values.dtype != np.float32 or values.shape != shape or not values.size:
                raise EngineFault(f"{name} is {values.dtype}{list(values.shape)} for {count} slices")
            if not np.isfinite(values).all():
                raise EngineFault(f"{name} holds values that are no numbers")
        if self.activation.ndim != 3 or self.error_map.ndim != 3:
            raise EngineFault("a map needs rows and columns for each slice")

    def __len__(self) -> int:
        return len(self.logits)


@dataclass(frozen=True)
class Fusion:
    """`score` of the study with its parts, the highest r and p; [K] of each slice; `key` is the slice that decides."""

    score: float
    classifier_p: float
    reconstruction_r: float
    key: int
    slice_p: NDArray[np.float64] = field(repr=False)
    slice_r: NDArray[np.float64] = field(repr=False)

    @property
    def slice_scores(self) -> NDArray[np.float64]:
        return np.maximum(self.slice_p, self.slice_r)


def fuse(outputs: SliceOutputs, error_range: ErrorRange) -> Fusion:
    """Fuse by maximum; of equal slices the lowest is the key slice."""
    p = expit(outputs.logits.astype(np.float64).mean(axis=1))
    errors = outputs.reconstruction_error.astype(np.float64)
    r = (errors - error_range.r_min) / (error_range.r_max - error_range.r_min)
    scores = np.maximum(r, p)
    return Fusion(float(scores.max()), float(p.max()), float(r.max()), int(scores.argmax()), p, r)
