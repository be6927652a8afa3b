"""Twins: a slice without and with a painted lesion, one augmentation for both; neutral changes are drawn for each."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from training.augmentation import FAR_ZOOM, SECOND_CROP_PROBABILITY, SUPERVISED, augmented_with_maps
from training.slice_cache import SliceCache
from training.synthesis import with_neutral_change
from training.synthesis.lung_context import TooLittleLung

MIN_SEEN_CHANGE: Final = 0.012  # of the grey scale, between the views of a pair, after augmentation
MIN_SEEN_PIXELS: Final = 12

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]
Random = np.random.Generator
Paint = Callable[[Bytes, Bytes, Random], tuple[Bytes, Bytes]]  # view and mask -> painted view, and 255 where changed


@dataclass(frozen=True)
class Twins:
    """`plain` and `painted` views [S, S] in 0 ... 1; the `lungs` of both, and where the `lesion` is to be seen."""

    plain: Floats
    painted: Floats
    lungs: Bools
    lesion: Bools


def painted_twins(cache: SliceCache, index: int, paint: Paint, size: int, random: Random) -> Twins:
    """Twins of a slice of the cache; raises TooLittleLung where no lesion is to be seen in the crop."""
    crop = drawn_crop(random)
    view, mask = np.array(cache.views[index, crop]), np.array(cache.masks[index, crop])
    painted, changed = paint(view, mask, random)
    zoom, seed = drawn_zoom(crop, random), int(random.integers(2**32))
    (before, seen), (after, _) = (
        augmented_with_maps(
            with_neutral_change(one, mask, random),
            (mask * np.uint8(255), changed),
            cache.extents[index, crop],
            size,
            zoom,
            np.random.default_rng(seed),
        )
        for one in (view, painted)
    )
    lungs, lesion = seen
    lesion &= cv2.GaussianBlur(np.abs(after - before), (0, 0), 1.5) > MIN_SEEN_CHANGE
    if lesion.sum() < MIN_SEEN_PIXELS:
        raise TooLittleLung
    return Twins(before, after, lungs, lesion)


def drawn_crop(random: Random) -> int:
    """Which of the two prepared crops."""
    return int(random.random() < SECOND_CROP_PROBABILITY)


def drawn_zoom(crop: int, random: Random) -> tuple[float, float]:
    """Smallest and largest zoom of a view of this crop."""
    return FAR_ZOOM if random.random() < SUPERVISED.far else SUPERVISED.zoom[crop]
