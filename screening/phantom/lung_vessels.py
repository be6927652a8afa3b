"""Arteries, veins and bronchi of the lungs."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from screening.phantom.branching_tree import Branches, grown_trees
from screening.phantom.grid import PointCloud
from screening.phantom.segments import Segments
from screening.phantom.thorax import Diaphragm, between_distance, lobes, lungs_distance

SPACING_MM: Final = 11.0  # between the ends of the arteries, and between those of the veins
FROM_PLEURA_MM: Final = 6.0
LAST_DIAMETER_MM: Final = 1.15
MURRAY: Final = 3.1  # exponent of Murray's law, 3 in theory
BRONCHI_FROM_MM: Final = 2.8  # diameter of the artery beside them; finer ones are not seen on CT
BRONCHUS_TO_ARTERY: Final = 0.8
LUMEN_SHARE: Final = 0.72  # of a bronchus' diameter
BESIDE_ARTERY: Final = np.array([-0.45, 0.7, 0.55])  # towards the middle, the back and the head

# Roots of the lobes' trees, in the order of `thorax.lobes`.
ARTERY_ROOTS: Final = np.array(
    [(-24, 2, 170), (-24, 5, 162), (-25, 10, 158), (24, 3, 178), (25, 6, 172), (25, 12, 168)], np.float64
)
VEIN_ROOTS: Final = np.array(
    [(-24, -3, 150), (-24, -5, 146), (-26, 14, 126), (24, -3, 152), (24, -5, 147), (26, 14, 126)], np.float64
)

Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class LungVessels:
    """Blood vessels, the bronchi with their walls, and the air in them."""

    blood: Segments = field(repr=False)
    bronchi: Segments = field(repr=False)
    lumina: Segments = field(repr=False)


def lung_vessels(diaphragm: Diaphragm, heart_size: float, draw: np.random.Generator) -> LungVessels:
    """Trees whose ends lie evenly in the lungs above this diaphragm, around this heart."""
    arteries = grown_trees(*_ends(diaphragm, heart_size, draw), ARTERY_ROOTS, draw)
    veins = grown_trees(*_ends(diaphragm, heart_size, draw), VEIN_ROOTS, draw, second_axis_first=True)
    bronchi = _bronchi(arteries)
    blood = Branches.joined([arteries, veins])
    return LungVessels(
        Segments(blood.starts, blood.ends, _diameters(blood.leaves)),
        bronchi,
        Segments(bronchi.starts, bronchi.ends, LUMEN_SHARE * bronchi.diameters),
    )


def _ends(diaphragm: Diaphragm, heart_size: float, draw: np.random.Generator) -> tuple[Doubles, NDArray[np.int64]]:
    """Points in the lungs, one in each cube, and the lobes that they lie in."""
    axes = [np.arange(low, high, SPACING_MM) for low, high in ((-140, 140), (-95, 95), (20, 285))]
    corners = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    points = corners + draw.uniform(0, SPACING_MM, corners.shape)
    cloud = PointCloud(*points.T.astype(np.float32))
    inside = lungs_distance(cloud, diaphragm, between_distance(cloud, heart_size)) < -FROM_PLEURA_MM
    return points[inside], lobes(*(axis[inside] for axis in (cloud.x, cloud.y, cloud.z))).astype(np.int64)


def _bronchi(arteries: Branches) -> Segments:
    """A bronchus beside each artery that is wide enough; they touch."""
    own, parents = _diameters(arteries.leaves), _diameters(np.maximum(arteries.fed_by, arteries.leaves))
    seen = own > BRONCHI_FROM_MM
    sides = np.where(arteries.starts[seen, :1] < 0, -1.0, 1.0)
    beside = BESIDE_ARTERY * np.concatenate([sides, np.ones_like(sides), np.ones_like(sides)], axis=1)
    apart = (1 + BRONCHUS_TO_ARTERY) / 2 * beside
    return Segments(
        arteries.starts[seen] + apart * parents[seen, np.newaxis],
        arteries.ends[seen] + apart * own[seen, np.newaxis],
        BRONCHUS_TO_ARTERY * own[seen],
    )


def _diameters(leaves: NDArray[np.int64]) -> Doubles:
    """Murray's law: the cubes (here: powers of `MURRAY`) of the daughters' diameters sum to that of the parent."""
    return np.asarray(LAST_DIAMETER_MM * leaves ** (1 / MURRAY), np.float64)
