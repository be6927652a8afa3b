"""What the classifier is shown in one step: real slices, and normal ones beside themselves with a painted lesion.

Both of a pair are cropped, sharpened and windowed alike, so that nothing but the lesion tells them apart. Slices that
nobody labelled lend themselves too: with a lesion they must score higher than without, whatever they score.
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
from training.slice_cache import Cache, Row
from training.synthesis import untouched_or_null, with_lesion
from training.synthesis.lung_context import LEAST_AREA, NoRoom

SMOOTHING: Final = 0.05  # labels of slices are those of a set's makers; some are wrong
RANKED: Final = 0.5  # weight of the order within pairs beside the labels

Floats = NDArray[np.float32]
Random = np.random.Generator


@dataclass(frozen=True)
class Lesson:
    """`views` signed [N, 1, S, S] and `labels` [N], NaN where unknown.

    The last 2 x `pairs` are slices without, then the same ones with a lesion; a slice that nobody labelled stays
    unlabelled with it, or its set's look would count as ill.
    """

    views: Tensor
    labels: Tensor
    pairs: int


class Lessons:
    """Draws lessons from these rows of a cache; `painted` is the share of a batch that is pairs."""

    def __init__(
        self, cache: Cache, rows: Mapping[int, Row], painted: float, weights: Mapping[str, float] = EVEN
    ) -> None:
        self._cache, self._rows, self._weights = cache, rows, weights
        self._real_rows = _of_both_classes(rows) if painted else rows
        self._painted = painted if self._real_rows else 1.0
        pools: dict[str, list[int]] = defaultdict(list)
        for place, row in rows.items():
            if painted and row.label != 1 and cache.masks[place].sum(axis=(1, 2)).min() >= LEAST_AREA:
                pools[row.dataset].append(place)
        self._donors = list(pools.values())

    def draw(self, batch: int, size: int, random: Random) -> Lesson:
        """One lesson of `batch` views of `size` px."""
        pairs = int(batch * self._painted / 2) if self._donors else 0
        places, labels = self._real_places(batch - 2 * pairs, random)
        views = [self._real(place, size, random) for place in places]
        couples = [self._pair(size, random) for _ in range(pairs)]
        plain, painted, known = zip(*couples, strict=True) if couples else ((), (), ())
        known_labels = np.array(known, np.float32)
        return Lesson(
            torch.from_numpy(np.stack([*views, *plain, *painted]))[:, np.newaxis] * 2.0 - 1.0,
            torch.from_numpy(np.concatenate([labels, known_labels, known_labels + 1])),
            pairs,
        )

    def _real_places(self, count: int, random: Random) -> tuple[NDArray[np.int64], Floats]:
        if not count:
            return np.array([], np.int64), np.array([], np.float32)
        return BalancedSampler(self._real_rows, random, self._weights).draw(count)

    def _real(self, place: int, size: int, random: Random) -> Floats:
        edit = partial(untouched_or_null, random=random) if self._painted else None
        return augmented(self._cache, place, size, random, SUPERVISED, edit)

    def _pair(self, size: int, random: Random) -> tuple[Floats, Floats, float]:
        """A slice without and with a lesion, and what is known of it without."""
        while True:
            place = int(random.choice(self._donors[random.integers(len(self._donors))]))
            seed = int(random.integers(2**32))
            try:
                plain, painted = (
                    augmented(
                        self._cache, place, size, np.random.default_rng(seed), SUPERVISED, partial(edit, random=random)
                    )
                    for edit in (untouched_or_null, with_lesion)
                )
            except NoRoom:
                continue
            label = self._rows[place].label
            return plain, painted, np.nan if label is None else float(label)


def _of_both_classes(rows: Mapping[int, Row]) -> dict[int, Row]:
    """Rows of data sets with normal and pathological slices; a set of one class would teach that its look is ill."""
    classes: dict[str, set[int | None]] = defaultdict(set)
    for row in rows.values():
        classes[row.dataset].add(row.label)
    return {place: row for place, row in rows.items() if classes[row.dataset] >= {0, 1}}


def lesson_loss(logits: Tensor, lesson: Lesson) -> Tensor:
    """Cross entropy where labels are known, and the order within pairs (Burges et al. 2005)."""
    labels = lesson.labels.to(logits.device)
    known = ~labels.isnan()
    targets = labels[known] * (1 - 2 * SMOOTHING) + SMOOTHING
    loss = binary_cross_entropy_with_logits(logits[known], targets)
    if not lesson.pairs:
        return loss
    plain, painted = logits[-2 * lesson.pairs :].chunk(2)
    return loss + RANKED * softplus(plain - painted).mean()
