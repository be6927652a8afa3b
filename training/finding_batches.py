"""Training batches of the findings: twins with a lesion that is a known finding, and slices with what is known of them.

Most labels are of data sets that have one finding each, so that a finding could be learned as the look of a data set;
twins differ in the lesion and in neutral changes, and every finding is painted into slices of every data set.
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

from screening.contract import FINDINGS
from training.augmentation import augmented_with_maps
from training.finding_targets import finding_targets
from training.painted_twins import Twins, drawn_crop, drawn_zoom, painted_twins
from training.slice_cache import SliceCache, SliceRow
from training.synthesis import KINDS_OF_FINDING, LesionKind, with_lesion_of, with_neutral_change
from training.synthesis.lung_context import MIN_AREA, TooLittleLung

PAINTED_SHARE: Final = 0.5  # of a batch

Floats = NDArray[np.float32]
Random = np.random.Generator


@dataclass(frozen=True)
class FindingBatch:
    """P plain views, their P painted twins, then labelled ones: N views in all.

    `views` signed [N, 1, S, S], `masks` (lungs) [N, 1, S, S]; `targets` and `weights` [N, 16].
    """

    views: Tensor
    masks: Tensor
    targets: Tensor
    weights: Tensor

    def to(self, device: torch.device) -> "FindingBatch":
        """The batch on this device."""
        return FindingBatch(**{name: tensor.to(device) for name, tensor in vars(self).items()})


class FindingBatches:
    """Draws batches from these rows of a cache."""

    def __init__(self, cache: SliceCache, rows: Mapping[int, SliceRow]) -> None:
        self._cache, self._rows = cache, rows
        self._targets = {index: finding_targets(row) for index, row in rows.items()}
        self._paintable = _groups(
            {
                index: row.dataset
                for index, row in rows.items()
                if row.label != 1 and cache.masks[index].sum(axis=(1, 2)).min() >= MIN_AREA
            }
        )
        self._labelled = _groups(
            {
                index: f"{row.dataset} {row.findings and sorted(row.findings)}"
                for index, row in rows.items()
                if self._targets[index][1].any()
            }
        )

    def draw(self, count: int, size: int, random: Random) -> FindingBatch:
        """A batch of `count` views of `size` px."""
        pairs = round(count * PAINTED_SHARE / 2) if self._paintable else 0
        drawn = [self._twins(size, random) for _ in range(pairs)]
        singles = [self._single(size, random) for _ in range(count - 2 * pairs)]
        views = [twins.plain for twins, _, _ in drawn] + [twins.painted for twins, _, _ in drawn]
        lungs = [twins.lungs for twins, _, _ in drawn] * 2
        known = [self._targets[index] for _, _, index in drawn]
        known += [_with_lesion(*self._targets[index], shown) for _, shown, index in drawn]
        for view, mask, index in singles:
            views.append(view)
            lungs.append(mask)
            known.append(self._targets[index])
        targets, weights = zip(*known, strict=True)
        return FindingBatch(
            torch.from_numpy(np.stack(views))[:, np.newaxis] * 2.0 - 1.0,
            torch.from_numpy(np.stack(lungs))[:, np.newaxis],
            torch.from_numpy(np.stack(targets)),
            torch.from_numpy(np.stack(weights)),
        )

    def _twins(self, size: int, random: Random) -> tuple[Twins, Floats, int]:
        while True:
            index = _drawn(self._paintable, random)
            kind = _drawn_kind(random)
            try:
                twins = painted_twins(self._cache, index, partial(with_lesion_of, kind), size, random)
            except TooLittleLung:
                continue
            return twins, np.array([name in kind.findings for name in FINDINGS], np.float32), index

    def _single(self, size: int, random: Random) -> tuple[Floats, NDArray[np.bool_], int]:
        index = _drawn(self._labelled, random)
        crop = drawn_crop(random)
        view, mask = np.array(self._cache.views[index, crop]), np.array(self._cache.masks[index, crop])
        edited, extents = with_neutral_change(view, mask, random), self._cache.extents[index, crop]
        grey, (lungs,) = augmented_with_maps(
            edited, (mask * np.uint8(255),), extents, size, drawn_zoom(crop, random), random
        )
        return grey, lungs, index


def _with_lesion(targets: Floats, weights: Floats, shown: Floats) -> tuple[Floats, Floats]:
    """What is known of a slice after a lesion of these findings was painted into it."""
    return np.maximum(targets, shown), np.maximum(weights, shown)


def _groups(names: Mapping[int, str]) -> list[list[int]]:
    groups: dict[str, list[int]] = defaultdict(list)
    for index, name in names.items():
        groups[name].append(index)
    return list(groups.values())


def _drawn(groups: list[list[int]], random: Random) -> int:
    """The group evenly, then the slice."""
    return int(random.choice(groups[int(random.integers(len(groups)))]))


def _drawn_kind(random: Random) -> LesionKind:
    """The finding evenly, then the kind by its share."""
    kinds = KINDS_OF_FINDING[str(random.choice(list(KINDS_OF_FINDING)))]
    shares = np.array([kind.share for kind in kinds])
    return kinds[int(random.choice(len(kinds), p=shares / shares.sum()))]
