"""Training batches of the classifier: labelled slices, and pairs of a slice without and with a synthetic lesion.

Both slices of a pair have the same augmentation, so that they differ in the lesion only. Unlabelled slices are used in
pairs too: with the lesion they must score higher than without.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, softplus

from training.augmentation import SUPERVISED, augmented
from training.sampling import EVEN, BalancedSampler
from training.slice_cache import SliceCache, SliceRow
from training.synthesis import with_lesion, with_neutral_change
from training.synthesis.lung_context import MIN_AREA, TooLittleLung

LABEL_SMOOTHING: Final = 0.05  # some labels of public data sets are wrong
PAIR_ORDER_WEIGHT: Final = 0.5  # weight of the ranking loss of pairs relative to the loss of labels

Floats = NDArray[np.float32]
Random = np.random.Generator


@dataclass(frozen=True)
class TrainingBatch:
    """`views` signed [N, 1, S, S] and `labels` [N], NaN where unknown.

    The last 2 x `pairs` are slices without, then the same ones with a lesion. An unlabelled slice stays unlabelled with
    a lesion: labelled as pathology, the appearance of its data set would become a cue for pathology.
    """

    views: Tensor
    labels: Tensor
    pairs: int


class TrainingBatches:
    """Draws batches from these rows of a cache; `painted` is the fraction of a batch that is pairs."""

    def __init__(
        self, cache: SliceCache, rows: Mapping[int, SliceRow], painted: float, weights: Mapping[str, float] = EVEN
    ) -> None:
        self._cache, self._rows, self._weights = cache, rows, weights
        self._labelled_rows = _of_both_classes(rows) if painted else rows
        self._painted = painted if self._labelled_rows else 1.0
        pools: dict[str, list[int]] = defaultdict(list)
        for index, row in rows.items():
            if painted and row.label != 1 and cache.masks[index].sum(axis=(1, 2)).min() >= MIN_AREA:
                pools[row.dataset].append(index)
        self._pair_slices = list(pools.values())

    def draw(self, batch: int, size: int, random: Random) -> TrainingBatch:
        """A batch of `batch` views of `size` px."""
        pairs = int(batch * self._painted / 2) if self._pair_slices else 0
        indices, labels = self._labelled_indices(batch - 2 * pairs, random)
        views = [self._labelled(index, size, random) for index in indices]
        drawn = [self._pair(size, random) for _ in range(pairs)]
        plain, painted, known = zip(*drawn, strict=True) if drawn else ((), (), ())
        known_labels = np.array(known, np.float32)
        return TrainingBatch(
            torch.from_numpy(np.stack([*views, *plain, *painted]))[:, np.newaxis] * 2.0 - 1.0,
            torch.from_numpy(np.concatenate([labels, known_labels, known_labels + 1])),
            pairs,
        )

    def _labelled_indices(self, count: int, random: Random) -> tuple[NDArray[np.int64], Floats]:
        if not count:
            return np.array([], np.int64), np.array([], np.float32)
        return BalancedSampler(self._labelled_rows, random, self._weights).draw(count)

    def _labelled(self, index: int, size: int, random: Random) -> Floats:
        edit = partial(with_neutral_change, random=random) if self._painted else None
        return augmented(self._cache, index, size, random, SUPERVISED, edit)

    def _pair(self, size: int, random: Random) -> tuple[Floats, Floats, float]:
        """A slice without and with a lesion, and its label without the lesion, NaN if unknown."""
        while True:
            index = int(random.choice(self._pair_slices[random.integers(len(self._pair_slices))]))
            seed = int(random.integers(2**32))
            try:
                plain, painted = (
                    augmented(
                        self._cache, index, size, np.random.default_rng(seed), SUPERVISED, partial(edit, random=random)
                    )
                    for edit in (with_neutral_change, with_lesion)
                )
            except TooLittleLung:
                continue
            label = self._rows[index].label
            return plain, painted, np.nan if label is None else float(label)


def _of_both_classes(rows: Mapping[int, SliceRow]) -> dict[int, SliceRow]:
    """Rows of data sets with both classes; with one class, the appearance of the data set would become a cue for it."""
    classes: dict[str, set[int | None]] = defaultdict(set)
    for row in rows.values():
        classes[row.dataset].add(row.label)
    return {index: row for index, row in rows.items() if classes[row.dataset] >= {0, 1}}


def batch_loss(logits: Tensor, batch: TrainingBatch) -> Tensor:
    """Cross entropy of known labels, plus the ranking loss of pairs (Burges et al. 2005)."""
    labels = batch.labels.to(logits.device)
    known = ~labels.isnan()
    targets = labels[known] * (1 - 2 * LABEL_SMOOTHING) + LABEL_SMOOTHING
    loss = binary_cross_entropy_with_logits(logits[known], targets)
    if not batch.pairs:
        return loss
    plain, painted = logits[-2 * batch.pairs :].chunk(2)
    return loss + PAIR_ORDER_WEIGHT * softplus(plain - painted).mean()
