"""Augmentation: each step takes away a way to know the data set instead of the lungs.

Field of view and borders (crops, filled edges), window (brightness, contrast, gamma, a clipped bright end), and above
all sharpness: published sets differ by kernel and recompression, and in one of them normal slices are the sharper ones.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.slice_cache import Cache

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]
Random = np.random.Generator
Edit = Callable[[Bytes, Bytes], Bytes]


@dataclass(frozen=True)
class Strength:
    """How far crops may zoom, by look: shortest and longest side of the crop as a share of the look's side.

    A `far` share of the views is seen from farther away: in the one crop of a study, the tips of its lungs are small.
    An `erased` share loses a rectangle, which a classifier of lesions would have to tell from a lesion.
    """

    zoom: tuple[tuple[float, float], tuple[float, float]]
    far: float = 0.0
    erased: float = 0.0


SUPERVISED: Final = Strength(((0.75, 1.08), (0.70, 1.00)), far=0.2)
CONTRASTIVE: Final = Strength(((0.45, 1.05), (0.45, 0.95)), erased=0.3)  # harder crops (Chen et al. 2020)
SECOND_LOOK: Final = 0.4
FAR: Final = (1.1, 1.7)


def batch_of(cache: Cache, places: NDArray[np.int64], size: int, random: Random, strength: Strength) -> Tensor:
    """Augmented views of these slices, signed float32 [N, 1, size, size]."""
    views = [augmented(cache, place, size, random, strength) for place in places]
    return torch.from_numpy(np.stack(views))[:, np.newaxis] * 2.0 - 1.0


def plain_batch(cache: Cache, places: NDArray[np.int64], size: int) -> Tensor:
    """The views as served, uint8 [N, 1, size, size], made smaller where `size` asks for it."""
    looks = [np.asarray(cache.looks[place, 0]) for place in places]
    if size != cache.size:
        looks = [np.asarray(cv2.resize(look, (size, size), interpolation=cv2.INTER_AREA), np.uint8) for look in looks]
    return torch.from_numpy(np.stack(looks))[:, np.newaxis]


def augmented(
    cache: Cache, place: int, size: int, random: Random, strength: Strength, edit: Edit | None = None
) -> Floats:
    """One view [size, size] in 0 ... 1; `edit` changes it before anything else does, given its lung mask."""
    look = int(random.random() < SECOND_LOOK)
    view = np.array(cache.looks[place, look])
    if edit is not None:
        view = edit(view, np.array(cache.masks[place, look]))
    edged = _edges(view, cache.shown[place, look], random)
    zoom = FAR if random.random() < strength.far else strength.zoom[look]
    view = _sharpness(_crop(edged, size, zoom, random), random)
    return _erased(_grey(view.astype(np.float32) / 255.0, random), strength.erased, random)


def _edges(view: Bytes, shown: NDArray[np.int16], random: Random) -> Bytes:
    """What lies outside the slice gets a random look, and so do bands of slices that fill their view."""
    side = view.shape[0]
    row0, row1, column0, column1 = (int(edge) for edge in shown)
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
    """Zoom, aspect, shift, rotation and mirroring in one resampling."""
    side = view.shape[0]
    share, aspect, angle = random.uniform(*zoom), np.exp(random.uniform(-0.15, 0.15)), random.uniform(-0.26, 0.26)
    rows, columns = share / aspect * side / size, share * aspect * side / size
    free = max(0.0, 1 - share) * side / 2 + 0.06 * side
    centre = side / 2 + random.uniform(-free, free, 2)
    if random.random() < 0.5:
        columns = -columns
    turn = np.array(
        [
            [np.cos(angle) * columns, -np.sin(angle) * rows],
            [np.sin(angle) * columns, np.cos(angle) * rows],
        ]
    )
    matrix = np.column_stack([turn, centre - turn.sum(axis=1) * size / 2])
    if abs(columns) > 1.25:  # fewer view pixels than slice pixels: smooth first
        view = np.asarray(cv2.GaussianBlur(view, (3, 3), 0.6), np.uint8)
    mode = cv2.BORDER_REPLICATE if random.random() < 0.5 else cv2.BORDER_CONSTANT
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(view, matrix, (size, size), flags=flags, borderMode=mode), np.uint8)


def _sharpness(view: Bytes, random: Random) -> Bytes:
    """Blur, sharpen or lose resolution, sometimes with JPEG on top."""
    draw = random.random()
    if draw < 0.30:
        view = np.asarray(cv2.GaussianBlur(view, (0, 0), random.uniform(0.3, 1.3)), np.uint8)
    elif draw < 0.45:
        gain = random.uniform(0.2, 1.2)
        view = np.asarray(cv2.addWeighted(view, 1 + gain, cv2.GaussianBlur(view, (0, 0), 1.0), -gain, 0), np.uint8)
    elif draw < 0.60:
        view = _coarser(view, random)
    return _recompressed(view, random) if random.random() < 0.15 else view


def _coarser(view: Bytes, random: Random) -> Bytes:
    share = random.uniform(0.45, 0.9)
    small = cv2.resize(view, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
    method = cv2.INTER_LINEAR if random.random() < 0.5 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(small, (view.shape[1], view.shape[0]), interpolation=method), np.uint8)


def _recompressed(view: Bytes, random: Random) -> Bytes:
    _, jpeg = cv2.imencode(".jpg", view, [cv2.IMWRITE_JPEG_QUALITY, int(random.integers(40, 95))])
    return np.asarray(cv2.imdecode(jpeg, cv2.IMREAD_GRAYSCALE), np.uint8)


def _grey(view: Floats, random: Random) -> Floats:
    """Gamma, contrast, brightness, a clipped bright end, noise."""
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


def _erased(view: Floats, share: float, random: Random) -> Floats:
    """A `share` of the views has a rectangle blanked out (DeVries and Taylor 2017); values are held to 0 ... 1."""
    if random.random() < share:
        rows, columns = (int(random.uniform(0.1, 0.3) * side) for side in view.shape)
        row, column = int(random.integers(view.shape[0] - rows)), int(random.integers(view.shape[1] - columns))
        view[row : row + rows, column : column + columns] = random.random()
    return np.clip(view, 0.0, 1.0)
