"""Augmentation: each step removes a cue by which a network could recognise the data set instead of the lungs.

The cues are field of view and borders (crops, filled edges), window (brightness, contrast, gamma, clipped bright end)
and above all sharpness: public data sets differ in kernel and recompression, and in one of them normal slices are
sharper than pathological ones.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.slice_cache import SliceCache

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]
Random = np.random.Generator
Edit = Callable[[Bytes, Bytes], Bytes]


@dataclass(frozen=True)
class AugmentationStrength:
    """`zoom` for each of the two prepared views: smallest and largest side of the crop, as a fraction of the view's.

    A fraction `far` of the views is zoomed out: in the crop of a whole study, the tips of the lungs are small. In a
    fraction `erased` a rectangle is blanked out; not for a classifier of lesions, since it may resemble one.
    """

    zoom: tuple[tuple[float, float], tuple[float, float]]
    far: float = 0.0
    erased: float = 0.0


SUPERVISED: Final = AugmentationStrength(((0.75, 1.08), (0.70, 1.00)), far=0.2)
CONTRASTIVE: Final = AugmentationStrength(((0.45, 1.05), (0.45, 0.95)), erased=0.3)  # harder crops (Chen et al. 2020)
SECOND_CROP_PROBABILITY: Final = 0.4
FAR_ZOOM: Final = (1.1, 1.7)


def batch_of(
    cache: SliceCache, indices: NDArray[np.int64], size: int, random: Random, strength: AugmentationStrength
) -> Tensor:
    """Augmented views of these slices, signed float32 [N, 1, size, size]."""
    views = [augmented(cache, index, size, random, strength) for index in indices]
    return torch.from_numpy(np.stack(views))[:, np.newaxis] * 2.0 - 1.0


def plain_batch(cache: SliceCache, indices: NDArray[np.int64], size: int) -> tuple[Tensor, Tensor]:
    """Views and counted lungs as serving makes them, uint8 [N, 1, size, size] each, downsampled to `size`."""
    methods = ((cache.views, cv2.INTER_AREA), (cache.counted, cv2.INTER_NEAREST))
    return tuple(  # type: ignore[return-value]  # two of them
        torch.from_numpy(np.stack([_resized(array[index, 0], size, method) for index in indices]))[:, np.newaxis]
        for array, method in methods
    )


def _resized(image: Bytes, size: int, method: int) -> Bytes:
    return np.asarray(cv2.resize(np.array(image), (size, size), interpolation=method), np.uint8)


def augmented(
    cache: SliceCache, index: int, size: int, random: Random, strength: AugmentationStrength, edit: Edit | None = None
) -> Floats:
    """One augmented view [size, size] in 0 ... 1; `edit`, given the view and its lung mask, is applied first."""
    crop = int(random.random() < SECOND_CROP_PROBABILITY)
    view = np.array(cache.views[index, crop])
    if edit is not None:
        view = edit(view, np.array(cache.masks[index, crop]))
    filled = _edges(view, cache.extents[index, crop], random)
    zoom = FAR_ZOOM if random.random() < strength.far else strength.zoom[crop]
    view = _sharpness(_crop(filled, size, zoom, random), random)
    return _erased(_grey(view.astype(np.float32) / 255.0, random), strength.erased, random)


def augmented_with_maps(
    view: Bytes, maps: Sequence[Bytes], extents: NDArray[np.int16], size: int, zoom: tuple[float, float], random: Random
) -> tuple[Floats, list[NDArray[np.bool_]]]:
    """A view augmented as in `augmented`, and maps of it (255 inside, 0 outside) seen through the same crop."""
    filled = _edges(view, extents, random)
    before = random.bit_generator.state
    cropped = _crop(filled, size, zoom, random)
    seen = [_crop(one, size, zoom, _with_state(before)) > 127 for one in maps]
    return _grey(_sharpness(cropped, random).astype(np.float32) / 255.0, random).clip(0.0, 1.0), seen


def augmented_with_placement(
    view: Bytes, extents: NDArray[np.int16], size: int, zoom: tuple[float, float], random: Random
) -> tuple[Floats, NDArray[np.float64]]:
    """A view augmented as in `augmented`, and the affine map [2, 3] from its pixels (x, y) to those of `view`."""
    filled = _edges(view, extents, random)
    placement = _placement(view.shape[0], size, zoom, random)
    cropped = _sharpness(_warped(filled, placement, size, random), random)
    return _grey(cropped.astype(np.float32) / 255.0, random).clip(0.0, 1.0), placement


def _with_state(state: Mapping[str, Any]) -> Random:
    """A generator that draws again what one with this state has drawn."""
    random = np.random.default_rng(0)
    random.bit_generator.state = state
    return random


def _edges(view: Bytes, extents: NDArray[np.int16], random: Random) -> Bytes:
    """Fill what lies outside the slice at random, and for half of the views bands at the top and bottom too."""
    side = view.shape[0]
    row0, row1, column0, column1 = (int(edge) for edge in extents)
    if random.random() < 0.5:
        row0, row1 = (
            max(row0, int(random.uniform(0, 0.22) * side)),
            min(row1, side - int(random.uniform(0, 0.22) * side)),
        )
    inner = view[row0:row1, column0:column1]
    if inner.shape == view.shape or min(inner.shape) < side // 8:
        return view
    margins = (row0, side - row1, column0, side - column1)
    fill = int(random.integers(256)) if random.random() < 0.5 else 0
    mode = cv2.BORDER_REPLICATE if random.random() < 1 / 3 else cv2.BORDER_CONSTANT
    return np.asarray(cv2.copyMakeBorder(inner, *margins, mode, value=[fill]), np.uint8)


def _crop(view: Bytes, size: int, zoom: tuple[float, float], random: Random) -> Bytes:
    """Zoom, aspect ratio, shift, rotation and mirroring in one resampling."""
    return _warped(view, _placement(view.shape[0], size, zoom, random), size, random)


def _placement(side: int, size: int, zoom: tuple[float, float], random: Random) -> NDArray[np.float64]:
    """From a pixel (column, row) of the crop to that of the view it is taken from, affine [2, 3]."""
    scale, aspect, angle = random.uniform(*zoom), np.exp(random.uniform(-0.15, 0.15)), random.uniform(-0.26, 0.26)
    rows, columns = scale / aspect * side / size, scale * aspect * side / size
    max_shift = max(0.0, 1 - scale) * side / 2 + 0.06 * side
    centre = side / 2 + random.uniform(-max_shift, max_shift, 2)
    if random.random() < 0.5:
        columns = -columns
    rotation = np.array(
        [
            [np.cos(angle) * columns, -np.sin(angle) * rows],
            [np.sin(angle) * columns, np.cos(angle) * rows],
        ]
    )
    return np.column_stack([rotation, centre - rotation.sum(axis=1) * size / 2])


def _warped(view: Bytes, placement: NDArray[np.float64], size: int, random: Random) -> Bytes:
    if np.hypot(*placement[:, 0]) > 1.25:  # fewer view pixels than slice pixels: smooth first
        view = np.asarray(cv2.GaussianBlur(view, (3, 3), 0.6), np.uint8)
    mode = cv2.BORDER_REPLICATE if random.random() < 0.5 else cv2.BORDER_CONSTANT
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(view, placement, (size, size), flags=flags, borderMode=mode), np.uint8)


def _sharpness(view: Bytes, random: Random) -> Bytes:
    """Blur, sharpen or reduce resolution, sometimes followed by JPEG compression."""
    draw = random.random()
    if draw < 0.30:
        view = np.asarray(cv2.GaussianBlur(view, (0, 0), random.uniform(0.3, 1.3)), np.uint8)
    elif draw < 0.45:
        gain = random.uniform(0.2, 1.2)
        view = np.asarray(cv2.addWeighted(view, 1 + gain, cv2.GaussianBlur(view, (0, 0), 1.0), -gain, 0), np.uint8)
    elif draw < 0.60:
        view = _lower_resolution(view, random)
    return _recompressed(view, random) if random.random() < 0.15 else view


def _lower_resolution(view: Bytes, random: Random) -> Bytes:
    scale = random.uniform(0.45, 0.9)
    small = cv2.resize(view, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    method = cv2.INTER_LINEAR if random.random() < 0.5 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(small, (view.shape[1], view.shape[0]), interpolation=method), np.uint8)


def _recompressed(view: Bytes, random: Random) -> Bytes:
    _, jpeg = cv2.imencode(".jpg", view, [cv2.IMWRITE_JPEG_QUALITY, int(random.integers(40, 95))])
    return np.asarray(cv2.imdecode(jpeg, cv2.IMREAD_GRAYSCALE), np.uint8)


def _grey(view: Floats, random: Random) -> Floats:
    """Gamma, contrast, brightness, clipping of the bright end, noise."""
    if random.random() < 0.7:
        view = np.asarray(np.power(view, np.float32(np.exp(random.uniform(-0.35, 0.35)))), np.float32)
    if random.random() < 0.8:
        contrast, brightness = np.exp(random.uniform(-0.3, 0.3)), random.uniform(-0.12, 0.12)
        view = np.asarray((view - 0.5) * contrast + 0.5 + brightness, np.float32)
    if random.random() < 0.3:
        top = np.float32(random.uniform(0.75, 1.0))
        view = np.asarray(np.minimum(view, top) / top, np.float32)
    if random.random() < 0.5:
        view = view + random.standard_normal(view.shape, np.float32) * np.float32(random.uniform(0, 0.06))
    return view


def _erased(view: Floats, probability: float, random: Random) -> Floats:
    """Blank out a rectangle with this probability (DeVries and Taylor 2017); values are clipped to 0 ... 1."""
    if random.random() < probability:
        rows, columns = (int(random.uniform(0.1, 0.3) * side) for side in view.shape)
        row, column = int(random.integers(view.shape[0] - rows)), int(random.integers(view.shape[1] - columns))
        view[row : row + rows, column : column + columns] = random.random()
    return np.clip(view, 0.0, 1.0)
