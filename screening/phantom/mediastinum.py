"""Heart, great vessels, airways and oesophagus: tables of shapes in mm."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np

from screening.phantom.grid import Grid
from screening.phantom.picture import Layers, Picture
from screening.phantom.shapes import FAR_MM, Ellipsoid, Field, Shape, Tube, tubes, union

FAT_HU: Final = -95.0
BLOOD_HU: Final = 44.0
MUSCLE_HU: Final = 50.0
WALL_HU: Final = 30.0
THYROID_HU: Final = 95.0
AIR_HU: Final = -985.0

RIGHT_HILUM: Final = (-30.0, 4.0, 166.0)
LEFT_HILUM: Final = (30.0, 8.0, 174.0)

FAT_MM: Final = 2.0  # between the organs and the pleura
ROUNDING_MM: Final = 11.0  # the pleura spans the grooves between the organs


def heart(size: float) -> tuple[Shape, ...]:
    """Ventricles, right atrium and left atrium; `size` is 1.0 on average."""
    return (
        Ellipsoid((27.0, -32.0, 98.0), (58.0 * size, 42.0 * size, 52.0), turn_deg=32.0),
        Ellipsoid((-20.0, -18.0, 112.0), (30.0 * size, 34.0 * size, 40.0)),
        Ellipsoid((3.0, 6.0, 136.0), (29.0, 18.0, 25.0)),
    )


GREAT_VESSELS: Final[tuple[Tube, ...]] = (
    *tubes(15.0, (2.0, -28.0, 130.0), (-14.0, -30.0, 170.0), (-14.0, -26.0, 198.0)),  # ascending aorta
    *tubes(13.0, (-14.0, -26.0, 198.0), (-2.0, -10.0, 212.0), (14.0, 14.0, 212.0), (22.0, 34.0, 200.0)),  # arch
    *tubes(12.0, (22.0, 34.0, 200.0), (22.0, 38.0, 150.0), (16.0, 38.0, 60.0), (8.0, 36.0, -20.0), end_radius=10.5),
    *tubes(13.0, (18.0, -36.0, 138.0), (18.0, -24.0, 168.0), (22.0, -8.0, 178.0)),  # pulmonary trunk
    *tubes(9.0, (22.0, -8.0, 178.0), LEFT_HILUM, end_radius=6.0),  # left pulmonary artery
    *tubes(9.0, (24.0, -4.0, 146.0), (30.0, -20.0, 152.0), end_radius=6.0),  # left atrial appendage
    *tubes(9.0, (18.0, -16.0, 172.0), (-14.0, -6.0, 168.0), RIGHT_HILUM, end_radius=6.0),  # right pulmonary artery
    *tubes(8.0, (-24.0, -16.0, 130.0), (-23.0, -16.0, 200.0), (-22.0, -16.0, 238.0)),  # superior vena cava
    *tubes(11.0, (-18.0, -6.0, 104.0), (-20.0, 2.0, 60.0), (-20.0, 8.0, -20.0)),  # inferior vena cava
    *tubes(6.0, (-22.0, -16.0, 236.0), (-24.0, -16.0, 262.0), (-30.0, -16.0, 305.0)),  # right brachiocephalic vein
    *tubes(6.0, (-22.0, -20.0, 230.0), (2.0, -26.0, 240.0), (22.0, -20.0, 258.0), (30.0, -16.0, 305.0)),
    *tubes(6.0, (-6.0, -12.0, 214.0), (-16.0, -4.0, 256.0), (-22.0, 0.0, 305.0)),  # brachiocephalic artery
    *tubes(4.0, (6.0, 0.0, 216.0), (16.0, 2.0, 256.0), (22.0, 0.0, 305.0)),  # left common carotid artery
    *tubes(
        5.0, (16.0, 16.0, 216.0), (24.0, 12.0, 258.0), (28.0, 2.0, 284.0), (70.0, -14.0, 296.0)
    ),  # left subclavian artery
    *tubes(5.0, (-18.0, 2.0, 260.0), (-28.0, 2.0, 284.0), (-70.0, -14.0, 296.0)),  # right subclavian artery
    *tubes(4.0, (-8.0, 32.0, 20.0), (-8.0, 32.0, 190.0), (-22.0, 4.0, 198.0)),  # azygos vein
    *tubes(6.0, (-24.0, 6.0, 142.0), (-30.0, -4.0, 149.0), end_radius=4.5),  # pulmonary veins
    *tubes(6.0, (-24.0, 12.0, 126.0), (-32.0, 17.0, 124.0), end_radius=4.5),
    *tubes(6.0, (26.0, 6.0, 142.0), (31.0, -5.0, 150.0), end_radius=4.5),
    *tubes(6.0, (26.0, 12.0, 126.0), (33.0, 17.0, 124.0), end_radius=4.5),
)
OESOPHAGUS: Final = tubes(7.0, (1.0, 27.0, 305.0), (4.0, 28.0, 200.0), (6.0, 28.0, 120.0), (14.0, 18.0, 60.0))
NECK_MUSCLES: Final = Ellipsoid((0.0, 14.0, 304.0), (96.0, 80.0, 44.0))
THYROID: Final = (
    *tubes(9.0, (-19.0, -2.0, 284.0), (-21.0, 0.0, 310.0)),
    *tubes(9.0, (19.0, -2.0, 284.0), (21.0, 0.0, 310.0)),
)
AIRWAYS: Final[tuple[Tube, ...]] = (
    *tubes(8.5, (0.0, 10.0, 310.0), (0.0, 10.0, 196.0)),
    *tubes(7.0, (-1.0, 11.0, 194.0), (-18.0, 15.0, 174.0), (-27.0, 14.0, 161.0), end_radius=4.5),
    *tubes(6.5, (1.0, 11.0, 194.0), (16.0, 16.0, 178.0), (27.0, 17.0, 167.0), end_radius=4.5),
)
AIRWAY_WALL_MM: Final = 1.6
HEART_FAT_MM: Final = 2.0

# What lies between the lungs where no organ does: fat and nodes of the hila, thymus and fat in front, and the
# ligaments of the spine behind.
SEPTUM: Final[tuple[Shape, ...]] = (
    Ellipsoid((-12.0, 14.0, 152.0), (13.0, 17.0, 30.0)),
    Ellipsoid((17.0, 22.0, 156.0), (12.0, 19.0, 34.0)),
    Ellipsoid((-10.0, -14.0, 236.0), (22.0, 24.0, 60.0)),
    Ellipsoid((0.0, -48.0, 205.0), (11.0, 48.0, 110.0)),
    Ellipsoid((4.0, -40.0, 165.0), (22.0, 38.0, 60.0)),
    Ellipsoid((0.0, 20.0, 150.0), (12.0, 36.0, 260.0)),
    Ellipsoid((0.0, 4.0, 292.0), (29.0, 34.0, 50.0)),
)


def draw(picture: Picture, heart_size: float) -> None:
    """Draw all organs between the lungs."""
    for shapes, layers in _organs(heart_size):
        for shape in shapes:
            picture.fill_shape(shape, *layers)


def distance(grid: Grid, heart_size: float) -> Field:
    """To the surface of all that lies between the lungs, with its fat."""
    field = np.full(grid.shape, FAR_MM, np.float32)
    for shape in _outline(heart_size):
        for part, near in grid.near(shape, 2 * ROUNDING_MM):
            field[part] = union(field[part], near.distance(shape), ROUNDING_MM)
    return field - np.float32(FAT_MM)


@lru_cache(maxsize=4)
def _organs(heart_size: float) -> tuple[tuple[Sequence[Shape], Layers], ...]:
    """In the order of drawing."""
    blood = (0.0, BLOOD_HU)
    return (
        ((NECK_MUSCLES,), ((0.0, MUSCLE_HU - 14),)),
        (heart(heart_size), ((-HEART_FAT_MM, FAT_HU), blood)),
        (GREAT_VESSELS, (blood,)),
        (OESOPHAGUS, ((0.0, MUSCLE_HU - 15),)),
        (THYROID, ((0.0, THYROID_HU),)),
        (AIRWAYS, ((-AIRWAY_WALL_MM, WALL_HU),)),
        (AIRWAYS, ((0.0, AIR_HU),)),
    )


@lru_cache(maxsize=4)
def _outline(heart_size: float) -> tuple[Shape, ...]:
    return (*heart(heart_size), *GREAT_VESSELS, *OESOPHAGUS, *THYROID, *map(_widened, AIRWAYS), *SEPTUM)


def _widened(tube: Tube) -> Tube:
    return Tube(tube.start, tube.end, tube.radius + AIRWAY_WALL_MM, tube.end_radius + AIRWAY_WALL_MM)
