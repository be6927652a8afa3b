"""A training block cut out of a stack: its place, scale and slice distance, and what is changed without meaning."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from screening.blocks.grid_slice import GRID_MM
from screening.blocks.lung_grid import interpolation, resampled
from screening.dicom.hu import AIR_HU
from training.volume.training_stack import TrainingStack

SIDE: Final = 32  # voxels of 2 mm of a training block: 64 mm hold a lesion and the vessels around it
SCALES: Final = (0.85, 1.2)
OFF_CENTRE_MM: Final = 24.0
MAX_STEP_MM: Final = 6.5  # the widest slice distance that a block imitates: the expert is not asked beyond it

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]
Random = np.random.Generator


@dataclass(frozen=True)
class BlockCut:
    """A box of a stack, resampled to a block: rows and columns by area, along the body by `weights` [S, slices]."""

    low: int
    weights: Floats
    row: int
    column: int
    side_px: int
    flips: tuple[bool, bool, bool]

    @classmethod
    def around(cls, source: TrainingStack, centre: Sequence[float], random: Random) -> "BlockCut":
        """A box near `centre` (slice, row, column) with a random scale, flips and slice distance."""
        along, across = random.uniform(*SCALES, 2)
        row_mm = source.stack.spacing_mm[1]
        off = random.uniform(-OFF_CENTRE_MM, OFF_CENTRE_MM, 3)
        middle_mm = float(np.interp(centre[0], np.arange(len(source.heights_mm)), source.heights_mm)) + off[0]
        grid_mm = middle_mm + (np.arange(SIDE) - (SIDE - 1) / 2) * GRID_MM * along
        weights = _thinned(source.heights_mm, grid_mm, random)
        used = np.flatnonzero(weights.any(axis=0))
        side_px = round(SIDE * GRID_MM * across / row_mm)
        row, column = (round(centre[axis] + off[axis] / row_mm - side_px / 2) for axis in (1, 2))
        flips = (False, bool(random.integers(2)), bool(random.integers(2)))
        return cls(int(used[0]), weights[:, used[0] : used[-1] + 1], row, column, side_px, flips)

    def of(self, stack: NDArray[np.int16] | Bools, outside: float) -> Floats:
        """The block of a stack [slices, rows, columns] as float [S, S, S]; `outside` fills what lies beyond."""
        planes = stack[self.low : self.low + self.weights.shape[1]]
        box = np.full((len(planes), self.side_px, self.side_px), outside, np.float32)
        rows, columns = (
            _overlap(start, self.side_px, size)
            for start, size in zip((self.row, self.column), stack.shape[1:], strict=True)
        )
        box[:, rows.box, columns.box] = planes[:, rows.stack, columns.stack]
        small = np.stack(
            [np.asarray(cv2.resize(one, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.float32) for one in box]
        )
        block = resampled(self.weights, small)
        return np.ascontiguousarray(block[tuple(slice(None, None, -1 if flip else 1) for flip in self.flips)])


@dataclass(frozen=True)
class _Overlap:
    box: slice
    stack: slice


def _overlap(start: int, side: int, size: int) -> _Overlap:
    first, last = max(0, start), max(0, min(size, start + side))
    last = max(first, last)
    return _Overlap(slice(first - start, last - start), slice(first, last))


def _thinned(heights_mm: NDArray[np.float64], grid_mm: NDArray[np.float64], random: Random) -> Floats:
    """Weights of the stack's slices for the grid, half of the time as if slices were thicker or farther apart."""
    step_mm = float(np.median(np.diff(heights_mm)))
    every = int(random.integers(1, max(2, int(MAX_STEP_MM / step_mm) + 1))) if random.random() < 0.5 else 1
    if every == 1:
        return interpolation(heights_mm, grid_mm)
    start = int(random.integers(every))
    kept = heights_mm[start::every]
    if len(kept) < 2:
        return interpolation(heights_mm, grid_mm)
    thick = random.random() < 0.5  # a thick slice is the mean of its thin ones; a gap leaves them out
    mean = np.zeros((len(kept), len(heights_mm)), np.float32)
    for number, middle in enumerate(range(start, len(heights_mm), every)):
        low, high = (max(0, middle - every // 2), middle + (every + 1) // 2) if thick else (middle, middle + 1)
        mean[number, low:high] = 1.0 / len(mean[number, low:high])
    return interpolation(kept, grid_mm) @ mean


@dataclass(frozen=True)
class BlockChange:
    """Changes without meaning, equal for both blocks of a pair: sharpness, noise, contrast, level."""

    blur: float
    noise_hu: float
    gain: float
    shift_hu: float
    seed: int

    @classmethod
    def drawn(cls, random: Random) -> "BlockChange":
        blur = float(random.uniform(0.3, 0.9)) if random.random() < 0.3 else 0.0
        noise = float(random.uniform(5, 60)) if random.random() < 0.4 else 0.0
        return cls(blur, noise, random.uniform(0.92, 1.08), random.uniform(-35, 35), int(random.integers(2**31)))

    def of(self, hu: Floats) -> Floats:
        if self.blur:
            hu = np.stack([cv2.GaussianBlur(one, (0, 0), self.blur) for one in hu])
        if self.noise_hu:
            grain = np.random.default_rng(self.seed).standard_normal(hu.shape, np.float32)
            hu = hu + grain * np.float32(self.noise_hu)
        return np.asarray((hu - AIR_HU) * np.float32(self.gain) + AIR_HU + np.float32(self.shift_hu), np.float32)
