"""Fusion: the networks' outputs for each slice -> the score of the study, by the rules of the model card.

The logit of a slice is the mean over its views: five for the slices with the highest plain logits, the plain one for
all others. r = (reconstruction error - r_min) / (r_max - r_min), clipped, and 0 where too little lung is in the view.
The volume rule makes one logit and one r of those of all slices; the score is max(sigmoid(logit), r), and where the 3D
expert was asked about the study, the maximum of that and the expert's p.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from screening.contract import FINDINGS, VIEWS
from screening.errors import EngineFault
from screening.results.expert_opinion import ExpertOpinion
from screening.results.model_card import ErrorRange, FusionRules
from screening.results.volume_rule import VolumeRule

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class SliceOutputs:
    """The networks' outputs for the plain views of K slices, float32 and finite; raises EngineFault otherwise.

    `logits` [K], `activation` [K, h, w] (a logit for each cell), `reconstruction_error` [K], `error_map` [K, g, g],
    `findings` [K, 16].
    """

    logits: Floats
    activation: Floats
    reconstruction_error: Floats
    error_map: Floats
    findings: Floats

    def __post_init__(self) -> None:
        count = len(self.logits)
        shapes = {
            "logits": (count,),
            "activation": (count, *_sides(self.activation)),
            "reconstruction_error": (count,),
            "error_map": (count, *_sides(self.error_map)),
            "findings": (count, len(FINDINGS)),
        }
        for name, shape in shapes.items():
            _check(name, getattr(self, name), shape)

    @classmethod
    def of_tensors(cls, tensors: Mapping[str, Floats]) -> Self:
        """From the ensemble's outputs by their names in the contract, whose single values have an axis of their own."""
        return cls(
            logits=tensors["logit"][:, 0],
            activation=tensors["activation"],
            reconstruction_error=tensors["reconstruction_error"][:, 0],
            error_map=tensors["error_map"],
            findings=tensors["findings"],
        )

    def __len__(self) -> int:
        return len(self.logits)


@dataclass(frozen=True)
class AugmentedLogits:
    """`logits` [n, V - 1] of the other test-time views of n slices; `numbers` says which of the K slices they are."""

    numbers: tuple[int, ...]
    logits: Floats

    def __post_init__(self) -> None:
        _check("logits of test-time views", self.logits, (len(self.numbers), len(VIEWS) - 1))


@dataclass(frozen=True)
class Fusion:
    """Scores of a study and of its K slices.

    `key` is the number of the slice with the highest score, or, `by_expert`, of the one nearest to the expert's place.

    `classifier_p` and `reconstruction_r` are the study's two parts, of which `score` is the higher one; `slice_p` and
    `slice_r` [K] are those of each slice; `test_time` are the numbers of the slices with all views. `expert` is None
    where the 3D expert was not asked, or gave no opinion: then `expert_error` is the error's code.
    """

    score: float
    classifier_p: float
    reconstruction_r: float
    key: int
    slice_p: Doubles = field(repr=False)
    slice_r: Doubles = field(repr=False)
    test_time: tuple[int, ...] = ()
    expert: ExpertOpinion | None = None
    expert_error: str | None = None

    def with_expert(self, expert: ExpertOpinion, slice_indices: Sequence[int]) -> "Fusion":
        """The same with the 3D expert's opinion, which can only raise the score; `slice_indices` [K] in the series."""
        if expert.p <= self.score:
            return replace(self, expert=expert)
        key = int(np.abs(np.asarray(slice_indices) - expert.slice).argmin())
        return replace(self, score=expert.p, key=key, expert=expert)

    @property
    def by_expert(self) -> bool:
        """Whether the 3D expert's p is the score: then the maps of the other networks do not show what decided."""
        return self.expert is not None and self.expert.p > max(self.classifier_p, self.reconstruction_r)

    def without_expert(self, error_code: str) -> "Fusion":
        """The same of a study that the 3D expert was asked about in vain."""
        return replace(self, expert_error=error_code)

    @property
    def slice_scores(self) -> Doubles:
        return np.maximum(self.slice_p, self.slice_r)


def highest_slices(outputs: SliceOutputs, count: int) -> tuple[int, ...]:
    """The numbers of the `count` slices with the highest plain logits, ascending; of equal ones the lower slices."""
    return tuple(sorted(np.argsort(-outputs.logits, kind="stable")[:count].tolist()))


def fuse(
    outputs: SliceOutputs,
    test_time: AugmentedLogits,
    lung_shares: Doubles,
    extents_mm: Sequence[float],
    rules: FusionRules,
) -> Fusion:
    """Fuse the outputs for K slices.

    `lung_shares` [K] is the share of each view that is lung which counts, `extents_mm` [K] the mm that each slice
    stands for.
    """
    logits, extents = slice_logits(outputs, test_time), np.asarray(extents_mm, np.float64)
    r = np.minimum(normalised_error(outputs.reconstruction_error, rules.error_range), rules.error_clip)
    r = np.where(lung_shares >= rules.error_min_lung_share, r, min(0.0, rules.error_clip))
    p = np.asarray(expit(logits), np.float64)
    classifier_p, reconstruction_r = study_parts(logits, r, extents, rules.volume_rule)
    key = int(np.maximum(p, r).argmax())
    return Fusion(max(classifier_p, reconstruction_r), classifier_p, reconstruction_r, key, p, r, test_time.numbers)


def study_parts(logits: Doubles, r: Doubles, extents_mm: Doubles, rule: VolumeRule) -> tuple[float, float]:
    """The two parts of a study's score, of which the higher one is the score: classifier_p and reconstruction_r.

    `logits`, `r` and `extents_mm` [K] are of its slices.
    """
    return float(expit(rule.value(logits, extents_mm))), rule.value(r, extents_mm)


def slice_logits(outputs: SliceOutputs, test_time: AugmentedLogits) -> Doubles:
    """The logit of each slice [K]: the mean over the views that were made of it."""
    logits = outputs.logits.astype(np.float64)
    numbers = list(test_time.numbers)
    others = test_time.logits.sum(axis=1, dtype=np.float64)
    logits[numbers] = (logits[numbers] + others) / len(VIEWS)
    return logits


def cell_probability(activation: Floats) -> Floats:
    """The activation map [..., h, w], a logit for each cell, as the probability of pathology of the cell."""
    return np.asarray(expit(activation), np.float32)


def normalised_error(errors: Floats, error_range: ErrorRange) -> Doubles:
    """Reconstruction errors [K] on the scale where the model card's r_min is 0 and its r_max is 1."""
    return (errors.astype(np.float64) - error_range.r_min) / (error_range.r_max - error_range.r_min)


def _check(name: str, values: Floats, shape: tuple[int, ...]) -> None:
    if values.dtype != np.float32 or values.shape != shape or (shape[0] and not values.size):
        raise EngineFault(f"{name} has {values.dtype} of shape {list(values.shape)} for {shape[0]} slices")
    if not np.isfinite(values).all():
        raise EngineFault(f"{name} holds values that are not finite")


def _sides(maps: Floats) -> tuple[int, ...]:
    """Rows and columns of maps [K, h, w]; (-1, -1), which matches no shape, for other arrays."""
    return maps.shape[1:] if maps.ndim == 3 else (-1, -1)


NOT_AUGMENTED: Final = AugmentedLogits((), np.zeros((0, len(VIEWS) - 1), np.float32))
