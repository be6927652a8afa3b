"""Places in the lungs of a volume for a lesion of a given size: in the middle, at the pleura, at the diaphragm ...

All is measured on a grid of about `CELL_MM`: the depth below the surface of the lungs, and the direction to the nearest
point of that surface, which tells the chest wall from the mediastinum and the diaphragm.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

Bools = NDArray[np.bool_]
Doubles = NDArray[np.float64]
Random = np.random.Generator
Triple = tuple[float, float, float]

CELL_MM: Final = 3.0
DRAWS: Final = 40
WHOLE: Final = 0.9  # of a lesion lies in the lungs where its place is away from their surface
PARTLY: Final = 0.5  # where it touches the surface


_STEPS: Final = np.linspace(-1.0, 1.0, 9)
_GRID: Final = np.stack(np.meshgrid(_STEPS, _STEPS, _STEPS, indexing="ij"), axis=-1).reshape(-1, 3)
_BALL: Final = _GRID[np.linalg.norm(_GRID, axis=1) <= 1.0]  # points of a ball of radius 1


class NoPlace(Exception):
    """The lungs have no such place for a lesion of this size."""


class Place(StrEnum):
    """Where a lesion lies."""

    CENTRAL = "central"
    MIDDLE = "middle"
    PLEURAL = "pleural"
    MEDIASTINAL = "mediastinal"
    DIAPHRAGMATIC = "diaphragmatic"
    APICAL = "apical"
    BASAL = "basal"


@dataclass(frozen=True)
class LungPlaces:
    """The N cells of the lungs: `cells` [N, 3] on the coarse grid, `depth` (mm) below the surface of the lungs.

    `up` and `inward` are the cosines of the direction to the surface with that to the head and to the midline; `height`
    is 0 at the base of the lungs and 1 at their apex. `step` is how many voxels a cell has along each axis of `lungs`.
    """

    lungs: Bools = field(repr=False)
    spacing_mm: Triple
    step: tuple[int, int, int]
    cell_mm: Triple
    cells: NDArray[np.int64] = field(repr=False)
    depth: Doubles = field(repr=False)
    up: Doubles = field(repr=False)
    inward: Doubles = field(repr=False)
    height: Doubles = field(repr=False)

    @classmethod
    def of(cls, lungs: Bools, spacing_mm: Triple) -> Self:
        """Of lung masks [slices, rows, columns], the lowest slice first; raises NoPlace where they are empty."""
        step = tuple(max(1, round(CELL_MM / mm)) for mm in spacing_mm)
        coarse = np.ascontiguousarray(lungs[:: step[0], :: step[1], :: step[2]])
        if not coarse.any():
            raise NoPlace("no lung is in the volume")
        cell_mm = tuple(count * mm for count, mm in zip(step, spacing_mm, strict=True))
        wide = np.pad(coarse, 1)
        depth, nearest = distance_transform_edt(wide, sampling=cell_mm, return_indices=True)
        cells = np.argwhere(wide)
        to_surface = (nearest[:, *cells.T].T - cells) * np.array(cell_mm)
        cosines = to_surface / np.linalg.norm(to_surface, axis=1, keepdims=True)
        columns = cells[:, 2]
        side = np.sign((columns.min() + columns.max()) / 2 - columns)
        heights = cells[:, 0] - cells[:, 0].min()
        return cls(
            lungs,
            spacing_mm,
            (step[0], step[1], step[2]),
            (cell_mm[0], cell_mm[1], cell_mm[2]),
            cells - 1,
            np.asarray(depth[tuple(cells.T)], np.float64),
            cosines[:, 0],
            cosines[:, 2] * side,
            heights / max(1, heights.max()),
        )

    def centre(self, place: Place, diameter_mm: float, random: Random) -> Triple:
        """A random centre (slice, row, column, in voxels) for a ball of this size in this place; raises NoPlace."""
        radius = diameter_mm / 2
        fitting = np.flatnonzero(_FITTING[place](self, radius))
        least = WHOLE if place in (Place.CENTRAL, Place.MIDDLE) else PARTLY
        for _ in range(DRAWS if fitting.size else 0):
            at = self.cells[random.choice(fitting)] + random.uniform(-0.5, 0.5, 3)
            slice_, row, column = ((at + 0.5) * self.step - 0.5).tolist()
            if self.lung_share((slice_, row, column), radius) >= least:
                return slice_, row, column
        raise NoPlace(f"the lungs have no {place} place for a lesion of {diameter_mm:.0f} mm")

    def lung_share(self, centre: Triple, radius_mm: float) -> float:
        """The share of a ball around `centre` (voxels) that lies in the lungs."""
        near = np.rint(np.array(centre) + _BALL * radius_mm / np.array(self.spacing_mm)).astype(int)
        inside = ((near >= 0) & (near < self.lungs.shape)).all(axis=1)
        return float(self.lungs[tuple(near[inside].T)].sum() / len(near))


def _touching(lungs: LungPlaces, radius: float) -> Bools:
    """The ball reaches the surface, and its centre lies in the lung."""
    return (lungs.depth >= 0.3 * radius) & (lungs.depth <= max(radius, 1.1 * max(lungs.cell_mm)))


def _central(lungs: LungPlaces, radius: float) -> Bools:
    return lungs.depth >= max(0.7 * radius, 0.5 * float(lungs.depth.max()))


def _middle(lungs: LungPlaces, radius: float) -> Bools:
    deepest = float(lungs.depth.max())
    least, most = max(0.8 * radius, 0.2 * deepest), max(1.3 * radius, 0.5 * deepest)
    return (lungs.depth >= least) & (lungs.depth <= most)


_FITTING: Final[Mapping[Place, Callable[[LungPlaces, float], Bools]]] = MappingProxyType(
    {
        Place.CENTRAL: _central,
        Place.MIDDLE: _middle,
        Place.PLEURAL: lambda lungs, radius: _touching(lungs, radius) & (np.abs(lungs.up) < 0.5) & (lungs.inward < 0.3),
        Place.MEDIASTINAL: lambda lungs, radius: (
            _touching(lungs, radius) & (np.abs(lungs.up) < 0.5) & (lungs.inward > 0.6)
        ),
        Place.DIAPHRAGMATIC: lambda lungs, radius: _touching(lungs, radius) & (lungs.up < -0.7) & (lungs.height < 0.6),
        Place.APICAL: lambda lungs, radius: (lungs.height > 0.85) & (lungs.depth >= 0.5 * radius),
        Place.BASAL: lambda lungs, radius: (lungs.height < 0.25) & (lungs.depth >= 0.5 * radius) & (lungs.up > -0.7),
    }
)
