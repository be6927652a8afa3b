"""Training batches of the dense classifier: views with what is known of their cells.

Pairs are a slice without and with a painted lesion, under the same augmentation, so that they differ in the lesion
only. Pathological slices whose lesions nobody marked say that some cells are pathological. Slices at the diaphragm say
that its domes are not, and slices with marked lesions where these are. Data sets of one class are used in pairs only:
labelled, their appearance would become a cue.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.augmentation import augmented_with_maps
from training.dense_targets import trust_in_normality
from training.painted_twins import drawn_crop, drawn_zoom, painted_twins
from training.sampling import EVEN, of_both_classes
from training.slice_cache import SliceCache, SliceRow
from training.synthesis import with_marked_lesion, with_neutral_change
from training.synthesis.lung_context import MIN_AREA, TooLittleLung

MIN_DOME_PIXELS: Final = 150  # of the prepared view: lung here and none below
DOME_OPENING: Final = np.ones((9, 9), np.uint8)

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]
Random = np.random.Generator


class Kind(IntEnum):
    """What a view of a batch teaches."""

    PLAIN = 0
    PAINTED = 1
    ILL = 2
    DIAPHRAGM = 3
    MARKED = 4


@dataclass(frozen=True)
class TrainingBatch:
    """N views: `views` signed [N, 1, S, S]; `masks` (lungs) and `maps` [N, S, S]; `kinds` and `trust` [N].

    A map is the visible lesion of painted and marked views, and of its plain twin; the dome at the diaphragm; or empty.
    """

    views: Tensor
    masks: Tensor
    maps: Tensor
    kinds: Tensor
    trust: Tensor

    def to(self, device: torch.device) -> "TrainingBatch":
        """The batch on this device."""
        arrays = (self.views, self.masks, self.maps, self.kinds, self.trust)
        return TrainingBatch(*(array.to(device) for array in arrays))

    def of(self, kind: Kind) -> Tensor:
        """Which views are of this kind [N]."""
        return self.kinds == int(kind)


@dataclass(frozen=True)
class Composition:
    """How many pairs and other views a batch has."""

    pairs: int = 10
    ill: int = 5
    diaphragm: int = 4
    marked: int = 2

    @classmethod
    def of(cls, batch: int, painted: float) -> "Composition":
        """Of `batch` views, a fraction `painted` in pairs; the rest by the shares of the default."""
        pairs = round(batch * painted / 2)
        rest = batch - 2 * pairs
        diaphragm, marked = round(rest * 4 / 11), round(rest * 2 / 11)
        return cls(pairs, rest - diaphragm - marked, diaphragm, marked)


_View = tuple[Floats, Bools, Bools, Kind, float]


class TrainingBatches:
    """Draws batches from these rows of a cache; `weights`: how often a data set is drawn, 1 if not given."""

    def __init__(self, cache: SliceCache, rows: Mapping[int, SliceRow], weights: Mapping[str, float] = EVEN) -> None:
        self._cache, self._rows = cache, rows
        lungs = {index for index in rows if cache.masks[index].sum(axis=(1, 2)).min() >= MIN_AREA}
        marked = [index for index in sorted(lungs) if cache.lesions[index].any()]
        self._marked_patients = {rows[index].patient for index in marked}
        self._pools: Mapping[Kind, _Pool] = {
            Kind.PAINTED: _Pool([index for index in sorted(lungs) if rows[index].label != 1], rows, weights),
            Kind.ILL: _Pool([index for index in of_both_classes(rows) if rows[index].label == 1], rows, weights),
            Kind.DIAPHRAGM: _Pool([index for index in sorted(lungs) if self._dome(index).any()], rows, weights),
            Kind.MARKED: _Pool(marked, rows, weights),
        }

    def draw(self, composition: Composition, size: int, random: Random) -> TrainingBatch:
        """A batch of views of `size` px; kinds without slices are left out."""
        pairs = [self._pair(size, random) for _ in range(self._count(Kind.PAINTED, composition.pairs))]
        views: list[_View] = [plain for plain, _ in pairs] + [painted for _, painted in pairs]
        others: tuple[tuple[Kind, int, Callable[[int], NDArray[np.uint8]]], ...] = (
            (Kind.ILL, composition.ill, self._nothing),
            (Kind.DIAPHRAGM, composition.diaphragm, self._dome),
            (Kind.MARKED, composition.marked, self._lesion),
        )
        for kind, count, map_of in others:
            views += [self._single(kind, map_of, size, random) for _ in range(self._count(kind, count))]
        grey, masks, maps, kinds, trust = zip(*views, strict=True)
        return TrainingBatch(
            torch.from_numpy(np.stack(grey))[:, np.newaxis] * 2.0 - 1.0,
            torch.from_numpy(np.stack(masks)),
            torch.from_numpy(np.stack(maps)),
            torch.tensor([int(kind) for kind in kinds]),
            torch.tensor(trust, dtype=torch.float32),
        )

    def _count(self, kind: Kind, wanted: int) -> int:
        return wanted if self._pools[kind] else 0

    def _pair(self, size: int, random: Random) -> tuple[_View, _View]:
        while True:
            index = self._pools[Kind.PAINTED].draw(random)
            try:
                return self._painted(index, size, random)
            except TooLittleLung:
                continue

    def _painted(self, index: int, size: int, random: Random) -> tuple[_View, _View]:
        """A slice without and with a lesion; raises TooLittleLung where no lesion is to be seen in the crop."""
        twins = painted_twins(self._cache, index, with_marked_lesion, size, random)
        seen, trust = (twins.lungs, twins.lesion), self._trust(index)
        return (twins.plain, *seen, Kind.PLAIN, trust), (twins.painted, *seen, Kind.PAINTED, trust)

    def _single(self, kind: Kind, map_of: Callable[[int], NDArray[np.uint8]], size: int, random: Random) -> _View:
        index = self._pools[kind].draw(random)
        crop = 0 if kind is Kind.DIAPHRAGM else drawn_crop(random)  # domes are known in the crop of the study
        view, mask = np.array(self._cache.views[index, crop]), np.array(self._cache.masks[index, crop])
        maps = (mask * np.uint8(255), map_of(index)[crop] * np.uint8(255))
        edited = with_neutral_change(view, mask, random)
        grey, (lungs, seen) = augmented_with_maps(
            edited, maps, self._cache.extents[index, crop], size, drawn_zoom(crop, random), random
        )
        return grey, lungs, seen, kind, self._trust(index)

    def _trust(self, index: int) -> float:
        row = self._rows[index]
        return trust_in_normality(row.label, row.patient in self._marked_patients)

    def _nothing(self, index: int) -> NDArray[np.uint8]:
        return np.zeros_like(self._cache.masks[index])

    def _lesion(self, index: int) -> NDArray[np.uint8]:
        return np.array(self._cache.lesions[index])

    def _dome(self, index: int) -> NDArray[np.uint8]:
        """Lung that does not count because there is none below it [2, S, S], in the crop of the study only."""
        lungs, counted = self._cache.masks[index, 0], self._cache.counted[index, 0]
        dome = cv2.morphologyEx((lungs > counted).astype(np.uint8), cv2.MORPH_OPEN, DOME_OPENING)
        if dome.sum() < MIN_DOME_PIXELS:
            dome = np.zeros_like(dome)
        return np.stack([dome, np.zeros_like(dome)]).astype(np.uint8)


class _Pool:
    """Slices to draw from: the data set by its weight, then the slice evenly."""

    def __init__(self, indices: Sequence[int], rows: Mapping[int, SliceRow], weights: Mapping[str, float]) -> None:
        sets: dict[str, list[int]] = defaultdict(list)
        for index in indices:
            sets[rows[index].dataset].append(index)
        self._sets = list(sets.values())
        shares = np.array([weights.get(name, 1.0) for name in sets], np.float64)
        self._shares = shares / shares.sum() if len(shares) else shares

    def __bool__(self) -> bool:
        return bool(self._sets)

    def draw(self, random: Random) -> int:
        return int(random.choice(self._sets[int(random.choice(len(self._sets), p=self._shares))]))
