"""Lesions painted into a volume in HU, before the window: of a true size in mm, over all slices that they span.

Single slices with painted lesions (`lesion_painting`) show no size along the body and no partial volume of thick
slices. Here a lesion is a body in the patient's millimetres that the scanner's geometry samples: averaged over the
thickness of a slice, blurred in the plane as a kernel blurs an edge, with the noise of the volume. Volumes that are
windowed to 8 bit can be painted as well; their levels are measured.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType
from typing import Any, Final, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from training.synthesis.volume_places import LungPlaces, NoPlace, Place
from training.synthesis.volume_shapes import Floats, Grid, Outline, Random, Shape, Triple, Window

Bools = NDArray[np.bool_]

SOFT_TISSUE_HU: Final = 40.0
BLUR_SD_MM: Final = 0.6  # the edge of a soft kernel, B30 to B40: half width 1.4 mm
WALL_MM: Final = 3.0  # a lesion at the pleura replaces fat so far beyond the lung, never bone
RING_PX: Final = 31
MEASURED_SLICES: Final = 9
NOISE_BLUR_PX: Final = 0.8


class Density(StrEnum):
    """What a lesion is made of."""

    SOLID = "solid"
    PART_SOLID = "part_solid"
    GROUND_GLASS = "ground_glass"
    CALCIFIED = "calcified"


@dataclass(frozen=True)
class VolumeLesion:
    """A lesion to paint: the diameter in mm of a ball of its volume, what it is made of, its outline and its place."""

    diameter_mm: float
    density: Density = Density.SOLID
    shape: Shape = Shape.SPHEROID
    place: Place = Place.MIDDLE

    @classmethod
    def drawn(cls, random: Random, smallest_mm: float = 4.0, largest_mm: float = 60.0) -> Self:
        """A random lesion: the logarithm of its diameter is uniform, half of them are solid."""
        return cls(
            float(np.exp(random.uniform(np.log(smallest_mm), np.log(largest_mm)))),
            random.choice(list(Density), p=(0.5, 0.2, 0.2, 0.1)),
            random.choice(list(Shape), p=(0.5, 0.25, 0.25)),
            random.choice(list(Place)),
        )


@dataclass(frozen=True)
class TissueLevels:
    """The values of lung and of soft tissue, and the standard deviation of noise, in the unit of a volume."""

    lung: float
    soft: float
    noise_sd: float

    @classmethod
    def of(cls, values: NDArray[Any], lungs: Bools, soft: float | None = None) -> Self:
        """Measured on some slices [slices, rows, columns]; `soft` is the level of soft tissue where it is known."""
        area = lungs.sum(axis=(1, 2))
        chosen = np.argsort(-area, kind="stable")[: max(1, int((area > 0).sum() * 0.6))]
        some = chosen[np.unique(np.linspace(0, len(chosen) - 1, MEASURED_SLICES).round().astype(int))]
        lung, ring, noise = [], [], []
        kernel = np.ones((RING_PX, RING_PX), np.uint8)
        for index in some:
            slice_, inside = values[index].astype(np.float32), lungs[index]
            near = cv2.dilate(inside.view(np.uint8), kernel).view(np.bool_) & ~inside
            lung.append(slice_[inside])
            ring.append(slice_[near])
            noise.append(_local_deviation(slice_)[near])
        tissue = float(np.percentile(np.concatenate(ring), 60)) if soft is None else soft
        # The ring holds edges of muscle and fat too, so its smoothest places tell the noise.
        return cls(float(np.median(np.concatenate(lung))), tissue, float(np.percentile(np.concatenate(noise), 15)))

    def between(self, fraction: float) -> float:
        """The value between lung (0) and soft tissue (1); calcium lies above 1."""
        return self.lung + fraction * (self.soft - self.lung)


@dataclass(frozen=True)
class LungStack:
    """A volume to paint into: `values` [slices, rows, columns] int16 in HU, or uint8, and its lung masks.

    The first slice is the lowest one, columns run across the body. `spacing_mm` is between (slices, rows, columns);
    slices are as thick as they lie apart unless `thickness_mm` says otherwise.
    """

    values: NDArray[Any] = field(repr=False)
    lungs: Bools = field(repr=False)
    spacing_mm: Triple
    thickness_mm: float | None = None
    blur_sd_mm: float = BLUR_SD_MM

    def __post_init__(self) -> None:
        if (
            self.values.shape != self.lungs.shape
            or self.values.ndim != 3
            or self.values.dtype not in (np.int16, np.uint8)
        ):
            raise ValueError(f"a stack has {self.values.dtype} {self.values.shape} and masks {self.lungs.shape}")

    @cached_property
    def places(self) -> LungPlaces:
        return LungPlaces.of(self.lungs, self.spacing_mm)

    @cached_property
    def levels(self) -> TissueLevels:
        return TissueLevels.of(self.values, self.lungs, SOFT_TISSUE_HU if self.values.dtype == np.int16 else None)

    @property
    def grid(self) -> Grid:
        slices, rows, columns = self.values.shape
        thickness_mm = self.thickness_mm or self.spacing_mm[0]
        return Grid((slices, rows, columns), self.spacing_mm, thickness_mm, self.blur_sd_mm)


@dataclass(frozen=True)
class PaintedLesion:
    """The changed `window` of a stack: its new `values` and the `mask` of the lesion in it.

    The mask holds the voxels that the lesion fills at least half as much as the voxel that it fills most; `centre` is
    (slice, row, column), `lung_share` the share of the mask that lies in the lungs.
    """

    lesion: VolumeLesion
    centre: Triple
    window: Window
    values: NDArray[Any] = field(repr=False)
    mask: Bools = field(repr=False)
    lung_share: float

    def on(self, values: NDArray[Any]) -> NDArray[Any]:
        """A copy of the stack's values with the lesion."""
        painted = values.copy()
        painted[self.window] = self.values
        return painted

    def mask_on(self, shape: tuple[int, ...]) -> Bools:
        """The mask on the grid of the whole stack."""
        mask = np.zeros(shape, np.bool_)
        mask[self.window] = self.mask
        return mask


def paint_lesion(stack: LungStack, lesion: VolumeLesion, random: Random) -> PaintedLesion:
    """Paint one lesion at a random position of its place; raises NoPlace where the lungs have none for its size.

    To paint several, paint into `dataclasses.replace(stack, values=painted.on(stack.values))`.
    """
    centre = stack.places.centre(lesion.place, lesion.diameter_mm, random)
    outline = Outline.of(lesion.shape, lesion.diameter_mm, random)
    grid = stack.grid
    window = grid.window(centre, outline.reach_mm)
    cover = grid.cover(outline, centre, window)
    inside, near = lungs_of(stack, window)
    before = stack.values[window].astype(np.float32)
    after = before
    for layer in _LAYERS[lesion.density]:
        size = random.uniform(*layer.size)
        shape = cover if size >= 1.0 else grid.cover(outline.scaled(size), centre, window)
        level = stack.levels.between(random.uniform(*layer.level))
        texture = level + noise_like(stack, before.shape, random)
        after = _blended(after, texture, shape * np.float32(random.uniform(*layer.opacity)), inside, near)
    values = rounded(after, stack.values.dtype)
    visible = cover * near
    mask = visible >= max(1e-3, 0.5 * float(visible.max(initial=0.0)))
    share = float(stack.lungs[window][mask].mean()) if mask.any() else 0.0
    return PaintedLesion(lesion, centre, window, values, mask, share)


@dataclass(frozen=True)
class _Layer:
    """One part of a lesion, each a range to draw from: relative size, opacity, and level (lung 0, soft tissue 1)."""

    size: tuple[float, float]
    opacity: tuple[float, float]
    level: tuple[float, float]


_WHOLE: Final = (1.0, 1.0)
_SOLID: Final = _Layer(_WHOLE, _WHOLE, (0.93, 1.04))  # -20 to 75 HU
_GROUND_GLASS: Final = _Layer(_WHOLE, (0.28, 0.48), (0.95, 1.02))  # -600 to -420 HU over lung of -850 HU
_LAYERS: Final[Mapping[Density, tuple[_Layer, ...]]] = MappingProxyType(
    {
        Density.SOLID: (_SOLID,),
        Density.PART_SOLID: (_GROUND_GLASS, _Layer((0.4, 0.7), _WHOLE, (0.9, 1.03))),
        Density.GROUND_GLASS: (_GROUND_GLASS,),
        Density.CALCIFIED: (_SOLID, _Layer((0.6, 0.95), (0.8, 1.0), (1.3, 1.9))),  # 300 to 840 HU
    }
)


def rounded(values: Floats, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Whole numbers within the range of the type."""
    limits = np.iinfo(dtype)
    return np.clip(np.rint(values), limits.min, limits.max).astype(dtype)


def noise_like(stack: LungStack, shape: tuple[int, ...], random: Random) -> Floats:
    """Noise as that of the volume, in its unit."""
    return np.asarray(stack.levels.noise_sd * _grain(shape, random), np.float32)


def lungs_of(stack: LungStack, window: Window) -> tuple[Floats, Floats]:
    """The lungs of the window with a soft edge, and the same grown by `WALL_MM`; 0 ... 1."""
    rows, columns = (2 * max(1, round(WALL_MM / mm)) + 1 for mm in stack.spacing_mm[1:])
    kernel = np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (columns, rows)), np.uint8)
    masks = stack.lungs[window].astype(np.uint8)
    inside = np.stack([_softened(mask) for mask in masks])
    near = np.stack([_softened(np.asarray(cv2.dilate(mask, kernel), np.uint8)) for mask in masks])
    return inside, np.maximum(inside, near)


def _softened(mask: NDArray[np.uint8]) -> Floats:
    return np.asarray(cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 0.8), np.float32)


def _blended(before: Floats, texture: Floats, cover: Floats, inside: Floats, near: Floats) -> Floats:
    """The lesion over the lung; beside it, only where it is denser than what is there."""
    painted = before + cover * (texture - before)
    denser = np.maximum(before, painted)
    return np.asarray(before + inside * (painted - before) + (near - inside) * (denser - before), np.float32)


def _local_deviation(slice_: Floats) -> Floats:
    """The standard deviation of a slice within 5 x 5 pixels of each pixel, [rows, columns]."""
    mean = cv2.blur(slice_, (5, 5))
    return np.asarray(np.sqrt(np.maximum(cv2.blur(slice_ * slice_, (5, 5)) - mean * mean, 0.0)), np.float32)


def _grain(shape: tuple[int, ...], random: Random) -> Floats:
    """Noise of deviation 1 with the correlation of a reconstruction kernel, independent from slice to slice."""
    drawn = random.standard_normal(shape, np.float32)
    smooth = np.stack([cv2.GaussianBlur(one, (0, 0), NOISE_BLUR_PX) for one in drawn])
    return np.asarray(smooth / (smooth.std() + 1e-6), np.float32)


__all__ = [
    "Density",
    "LungStack",
    "NoPlace",
    "PaintedLesion",
    "Place",
    "Shape",
    "TissueLevels",
    "VolumeLesion",
    "lungs_of",
    "noise_like",
    "paint_lesion",
    "rounded",
]
