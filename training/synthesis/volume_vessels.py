"""Vessels painted into a volume: what a nodule of a few millimetres looks like in one slice, and is not in three.

A vessel bends, tapers and touches others; it goes on where a nodule ends. Blocks with and without a lesion get the same
ones, so that neither a dense round section nor the look of what is painted is a cue. These are not the trees of
`screening.phantom`: no network trains on what the demo shows.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from training.synthesis.volume_lesions import LungStack, lungs_of, noise_like, rounded
from training.synthesis.volume_shapes import Doubles, Floats, Grid, Random, Triple, Window, blurred

STEP_MM: Final = 0.8
RADII_MM: Final = (0.8, 3.2)
LENGTHS_MM: Final = (15.0, 60.0)
BEND: Final = 0.12  # of the direction, at each step
CROSSING: Final = 0.03  # at each step: two vessels that touch, as at a branching
CROSSING_ANGLE: Final = 0.8
NARROWEST_MM: Final = 0.5


@dataclass(frozen=True)
class Vessels:
    """Balls along the axes of vessels: `points` [N, 3] in mm of (slices, rows, columns), `radii` [N] in mm."""

    points: Doubles = field(repr=False)
    radii: Doubles = field(repr=False)
    level: float
    seed: int

    @classmethod
    def drawn(cls, start_mm: Triple, random: Random) -> Self:
        """One vessel with others that cross it; it passes near a point (mm)."""
        radius = float(np.exp(random.uniform(*np.log(RADII_MM))))
        balls = list(_axis(np.asarray(start_mm), _direction(random), radius, random.uniform(*LENGTHS_MM), random))
        points, radii = zip(*balls, strict=True)
        return cls(np.stack(points), np.asarray(radii), random.uniform(0.85, 1.05), int(random.integers(2**31)))

    def on(self, stack: LungStack, values: NDArray[Any]) -> NDArray[Any]:
        """A copy of the values with the vessels, inside the lungs and where they are denser than what is there."""
        grid = stack.grid
        window = self._window(grid)
        if any(part.start >= part.stop for part in window):
            return values
        cover = self._cover(grid, window)
        inside, _ = lungs_of(stack, window)
        before = values[window].astype(np.float32)
        tissue = stack.levels.between(self.level) + noise_like(stack, before.shape, np.random.default_rng(self.seed))
        after = np.maximum(before, before + cover * inside * (tissue - before))
        changed = values.copy()
        changed[window] = rounded(after, values.dtype)
        return changed

    def _window(self, grid: Grid) -> Window:
        reach = float(self.radii.max()) + 4 * grid.blur_sd_mm + grid.thickness_mm
        low = np.floor((self.points.min(axis=0) - reach) / grid.spacing_mm).astype(int)
        high = np.ceil((self.points.max(axis=0) + reach) / grid.spacing_mm).astype(int) + 1
        edges = zip(low.tolist(), high.tolist(), grid.shape, strict=True)
        return tuple(slice(max(0, first), min(count, last)) for first, last, count in edges)  # type: ignore[return-value]

    def _cover(self, grid: Grid, window: Window) -> Floats:
        """The share of each voxel of the window that lies in a vessel, blurred in the plane: float32, 0 ... 1."""
        offsets = grid.sample_offsets_mm
        slices, rows, columns = (
            np.arange(part.start, part.stop) * mm for part, mm in zip(window, grid.spacing_mm, strict=True)
        )
        heights = (slices[:, np.newaxis] + offsets).ravel()
        cover = np.zeros((len(heights), len(rows), len(columns)), np.float32)
        pixel_mm = (grid.spacing_mm[1] + grid.spacing_mm[2]) / 2
        for point, radius in zip(self.points, self.radii, strict=True):
            away = [axis - at for axis, at in zip((heights, rows, columns), point, strict=True)]
            near = [np.flatnonzero(np.abs(one) <= radius + pixel_mm) for one in away]
            box = np.ix_(*near)
            z, y, x = np.ix_(*(one[at] for one, at in zip(away, near, strict=True)))
            share = np.clip((radius - np.sqrt(z**2 + y**2 + x**2)) / pixel_mm + 0.5, 0.0, 1.0)
            cover[box] = np.maximum(cover[box], share)
        mean = cover.reshape(len(slices), len(offsets), len(rows), len(columns)).mean(axis=1)
        return np.stack([blurred(one, grid.blur_px) for one in mean])


def _axis(
    at: Doubles, direction: Doubles, radius: float, length_mm: float, random: Random
) -> Iterator[tuple[Doubles, float]]:
    """The balls of a vessel around `at` that tapers, and of narrower ones around some of its points."""
    steps = max(2, round(length_mm / STEP_MM))
    at = at - direction * length_mm * random.uniform(0.2, 0.8)
    taper = random.uniform(0.25, 0.9)
    for step in range(steps):
        here = radius * (1 - (1 - taper) * step / steps)
        if here < NARROWEST_MM:
            return
        yield at, here
        direction = _unit(direction + BEND * random.standard_normal(3) * np.sqrt(STEP_MM))
        at = at + direction * STEP_MM
        if random.random() < CROSSING:
            turned = _unit(direction + CROSSING_ANGLE * random.standard_normal(3))
            yield from _axis(at, turned, here * random.uniform(0.5, 0.85), (length_mm - step * STEP_MM) * 0.7, random)


def _direction(random: Random) -> Doubles:
    return _unit(random.standard_normal(3))


def _unit(vector: Doubles) -> Doubles:
    return np.asarray(vector / np.linalg.norm(vector), np.float64)
