"""The lungs of a study on a grid of 2 mm: what a network that sees volumes, not slices, is given.

A single slice cannot tell a nodule from a vessel that crosses it; the slices above and below can. So all slices are
read here, not every 8 mm as for the views, in the study's own crop. The window is fixed: HU mean the same everywhere.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, TypeGuard

import numpy as np
from numpy.typing import NDArray

from screening.blocks.grid_slice import GRID_MM, GridSlice, grid_square
from screening.errors import NoLung, PixelError
from screening.lungs.in_plane_orientation import InPlaneOrientation
from screening.lungs.lung_survey import SliceSource
from screening.lungs.slice_lungs import SliceLungs, slice_lungs
from screening.lungs.slice_sampling import spaced_indices
from screening.over_slices import over_slices
from screening.views.crop import Crop

WINDOW_HU: Final = (-1000.0, 200.0)
SAME_GAP_MM: Final = 0.5  # steps of a table vary by less
CONTEXT_MM: Final = 16.0  # shown below and above the lungs, where the stack has it
WIDEST_GAP_MM: Final = 8.0  # as far apart as views may lie

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class LungGrid:
    """`grey` and `lungs` (1 inside), uint8 [Z, S, S], from the feet to the head.

    `slices` [Z] are the places of the planes among the slices of the series, with fractions; `crop` is the square.
    """

    grey: Bytes = field(repr=False)
    lungs: Bytes = field(repr=False)
    slices: NDArray[np.float64] = field(repr=False)
    crop: Crop


LungsOf = Callable[[NDArray[np.int16], tuple[float, float], InPlaneOrientation], SliceLungs]


def lung_grid(
    source: SliceSource,
    first: int,
    last: int,
    crop: Crop,
    lungs_of: LungsOf = slice_lungs,
    seen: Mapping[int, GridSlice] = MappingProxyType({}),
) -> LungGrid:
    """The grid of the slices `first` to `last`, which show lung, in the square of `crop`.

    What was `seen` before, by index, is not decoded again; `lungs_of` may remember what it was asked before.
    No lung counts in a gap that is wider than `WIDEST_GAP_MM` and than most others: between such slices a vessel
    looks like a nodule. Where all are as wide, the caller has decided to read them.
    A slice that cannot be decoded is left out, as the views leave it out where they show others; raises its PixelError
    when a gap wider than `WIDEST_GAP_MM` is left, and NoLung when every slice is blank or none of the lung counts.
    """
    square = grid_square(crop, source.geometry.spacing_mm[1])

    def shown(index: int) -> GridSlice | PixelError | None:
        return seen[index] if index in seen else _decoded(source, index, square, lungs_of)

    indices = grid_indices(source.heights_mm, first, last)
    found = over_slices(shown, indices)
    broken = next((one for one in reversed(found) if isinstance(one, PixelError)), None)
    heights = [float(source.heights_mm[at]) for at, one in zip(indices, found, strict=True) if _is_shown(one)]
    slices = [one for one in found if _is_shown(one)]
    if broken is not None and (not heights or max(np.diff(heights), default=0.0) > WIDEST_GAP_MM):
        raise broken
    if not heights:
        raise NoLung("Every slice of the lungs is blank: all of its pixels have one value.")
    grid_mm = np.arange(heights[0], heights[-1] + 0.5 * GRID_MM, GRID_MM)
    between = interpolation(heights, grid_mm)
    lungs = (resampled(between, np.stack([one.lungs for one in slices]).astype(np.float32)) >= 0.5).astype(np.uint8)
    unread = in_wide_gap(np.asarray(heights), grid_mm)
    if lungs.any() and not lungs[~unread].any():
        raise NoLung(
            f"All slices of the lungs lie more than {WIDEST_GAP_MM:g} mm apart, though others lie closer, so the 3D "
            "expert cannot read them: send a series with even steps."
        )
    lungs[unread] = 0
    return LungGrid(
        grey_of(resampled(between, np.stack([one.hu for one in slices]).astype(np.float32))),
        lungs,
        np.interp(grid_mm, source.heights_mm, np.arange(len(source))),
        square,
    )


def in_wide_gap(heights_mm: NDArray[np.float64], grid_mm: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which planes of the grid [Z] lie in a gap of the N ascending slices that is too wide, or at its edge."""
    gaps = np.diff(heights_mm)
    if not len(gaps):
        return np.zeros(len(grid_mm), np.bool_)
    wide = gaps > max(WIDEST_GAP_MM, float(np.median(gaps))) + SAME_GAP_MM
    low, high = heights_mm[:-1][wide, np.newaxis], heights_mm[1:][wide, np.newaxis]
    return np.asarray(((grid_mm >= low - GRID_MM) & (grid_mm <= high + GRID_MM)).any(axis=0))


def grid_indices(heights_mm: Sequence[float], first: int, last: int) -> list[int]:
    """Slices at most 2 mm apart, where there are so many, with some context on both sides."""
    heights = np.asarray(heights_mm)
    below = int(np.searchsorted(heights, heights[first] - CONTEXT_MM))
    above = int(np.searchsorted(heights, heights[last] + CONTEXT_MM, side="right")) - 1
    return spaced_indices(heights_mm, below, above, GRID_MM)


def _is_shown(found: GridSlice | PixelError | None) -> TypeGuard[GridSlice]:
    return isinstance(found, GridSlice)


def _decoded(source: SliceSource, index: int, square: Crop, lungs_of: LungsOf) -> GridSlice | PixelError | None:
    """The slice, its error, or None when it is blank."""
    try:
        hu = source.hu(index)
    except PixelError as error:
        return error
    lungs = lungs_of(hu, source.geometry.spacing_mm[1:], square.orientation)
    return None if lungs.blank else GridSlice.of(hu, lungs, square)


def grey_of(hu: Floats) -> Bytes:
    """HU as 8 bit: one grey level is 4.7 HU."""
    low, high = WINDOW_HU
    return np.asarray(np.clip((hu - low) * (255.0 / (high - low)) + 0.5, 0, 255), np.uint8)


def interpolation(heights_mm: Sequence[float] | NDArray[np.float64], grid_mm: NDArray[np.float64]) -> Floats:
    """Weights [Z, N] of N ascending slices for each height of the grid: linear; beyond the ends, the nearest slice."""
    heights = np.asarray(heights_mm, np.float64)
    place = np.interp(grid_mm, heights, np.arange(len(heights)))
    return np.maximum(0.0, 1.0 - np.abs(place[:, np.newaxis] - np.arange(len(heights)))).astype(np.float32)


def resampled(weights: Floats, planes: Floats) -> Floats:
    """Planes [N, H, W] at the heights of the weights [Z, N]: [Z, H, W]. Few weights of a height are not 0."""
    found = np.empty((len(weights), *planes.shape[1:]), np.float32)
    for plane, row in zip(found, weights, strict=True):
        used = np.flatnonzero(row)
        np.einsum("n,nhw->hw", row[used], planes[used], out=plane)
    return found
