"""Fusion: the networks' outputs for each slice -> the score of the study, the maximum over its slices.

r = (reconstruction error - r_min) / (r_max - r_min); p = sigmoid(mean of the logits over the views). The score of a
slice is max(r, p); the score of the study is the highest of its slices. r is not clipped to 0 ... 1: only the order of
scores matters, and calibration accepts all real numbers.
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
    """The networks' outputs for K slices, float32 and finite; raises EngineFault otherwise.

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
            "activation": (count, *_sides(self.activation)),
            "reconstruction_error": (count,),
            "error_map": (count, *_sides(self.error_map)),
            "findings": (count, len(FINDINGS)),
        }
        for name, shape in shapes.items():
            values: Floats = getattr(self, name)
            if values.dtype != np.float32 or values.shape != shape or not values.size:
                raise EngineFault(f"{name} has {values.dtype} of shape {list(values.shape)} for {count} slices")
            if not np.isfinite(values).all():
                raise EngineFault(f"{name} holds values that are not finite")

    def __len__(self) -> int:
        return len(self.logits)


@dataclass(frozen=True)
class Fusion:
    """Scores of a study and of its K slices: `score` is the highest of p and r, `key` the number of that slice.

    `classifier_p` and `reconstruction_r` are the highest p and r; `slice_p` and `slice_r` hold those of each slice [K].
    """

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
    """Fuse by maximum; the lowest of equal slices is the key slice."""
    p = view_probability(outputs.logits)
    r = normalised_error(outputs.reconstruction_error, error_range)
    scores = np.maximum(p, r)
    return Fusion(float(scores.max()), float(p.max()), float(r.max()), int(scores.argmax()), p, r)


def view_probability(logits: Floats) -> NDArray[np.float64]:
    """Probability of pathology of each slice [K], from the logits of its views [K, V]."""
    return np.asarray(expit(logits.mean(axis=1, dtype=np.float64)), np.float64)


def normalised_error(errors: Floats, error_range: ErrorRange) -> NDArray[np.float64]:
    """Reconstruction errors [K] on the scale where the model card's r_min is 0 and its r_max is 1."""
    return (errors.astype(np.float64) - error_range.r_min) / (error_range.r_max - error_range.r_min)


def _sides(maps: Floats) -> tuple[int, ...]:
    """Rows and columns of maps [K, h, w]; (-1, -1), which matches no shape, for other arrays."""
    return maps.shape[1:] if maps.ndim == 3 else (-1, -1)
