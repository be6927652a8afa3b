"""What the networks say of each slice -> one score for the study; the most suspicious slice decides."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from screening.contract import FINDINGS, VIEWS
from screening.errors import EngineFault
from screening.model_card import ErrorRange

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class SliceOutputs:
    """The ensemble's answers for the K slices of a study, checked: right shapes, finite numbers, or EngineFault.

    `logits` [K, V], `activation` [K, h, w] of view 0, `reconstruction_error` [K], `error_map` [K, g, g],
    `findings` [K, 16] by softmax.
    """

    logits: Floats
    activation: Floats
    reconstruction_error: Floats
    error_map: Floats
    findings: Floats

    def __post_init__(self) -> None:
        slices = len(self.logits)
        shapes = {
            "logits": (slices, len(VIEWS)),
            "activation": (slices, *_sides(self.activation)),
            "reconstruction_error": (slices,),
            "error_map": (slices, *_sides(self.error_map)),
            "findings": (slices, len(FINDINGS)),
        }
        for field in fields(self):
            values = getattr(self, field.name)
            if slices == 0 or values.shape != shapes[field.name]:
                raise EngineFault(f"the networks answered with {field.name} of shape {list(values.shape)}")
            if not np.isfinite(values).all():
                raise EngineFault(f"the networks answered with {field.name} that is not a finite number")


@dataclass(frozen=True)
class Fusion:
    """The study's score before calibration, what it is made of, the same for each slice [K], and the key slice.

    `classifier_p` is within 0 and 1; `reconstruction_r` leaves that range when an error lies outside the model card's.
    """

    score: float
    classifier_p: float
    reconstruction_r: float
    slice_scores: NDArray[np.float64]
    key: int


def fuse(outputs: SliceOutputs, error_range: ErrorRange) -> Fusion:
    """Fuse by maximum: over views the mean logit, over slices and over the two networks the largest value."""
    p = view_probability(outputs.logits)
    r = normalised_error(outputs.reconstruction_error, error_range)
    scores = np.maximum(p, r)
    return Fusion(float(scores.max()), float(p.max()), float(r.max()), scores, int(scores.argmax()))


def view_probability(logits: Floats) -> NDArray[np.float64]:
    """Probability of pathology of each slice [K] from the logits of its views [K, V]."""
    probability: NDArray[np.float64] = expit(logits.mean(axis=1, dtype=np.float64))
    return probability


def normalised_error(error: Floats, error_range: ErrorRange) -> NDArray[np.float64]:
    """Reconstruction errors [K] on the scale where the model card's r_min is 0 and its r_max is 1."""
    return (error.astype(np.float64) - error_range.r_min) / (error_range.r_max - error_range.r_min)


def _sides(maps: Floats) -> tuple[int, ...]:
    """Height and width of maps [K, h, w]; what is not such a stack matches no shape."""
    return maps.shape[1:] if maps.ndim == 3 else (-1, -1)
