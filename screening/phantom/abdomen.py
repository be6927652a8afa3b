"""Liver, stomach and spleen beneath the diaphragm, in mm."""

from typing import Final

from screening.phantom.picture import Picture, blend
from screening.phantom.shapes import Ellipsoid, Field, Shape, Tube

LIVER_HU: Final = 58.0
SPLEEN_HU: Final = 50.0
STOMACH_HU: Final = 32.0
GAS_HU: Final = -990.0
FAT_HU: Final = -100.0

# In the order of drawing; the liver is what remains. The fat on the left lies around the other organs.
ORGANS: Final[tuple[tuple[Shape, float], ...]] = (
    (Ellipsoid((84.0, 0.0, 6.0), (74.0, 96.0, 78.0)), FAT_HU),
    (Ellipsoid((62.0, -14.0, 34.0), (52.0, 54.0, 52.0)), STOMACH_HU),
    (Ellipsoid((52.0, -40.0, 34.0), (20.0, 11.0, 26.0)), GAS_HU),
    (Ellipsoid((94.0, 36.0, 34.0), (34.0, 48.0, 50.0), turn_deg=-25.0), SPLEEN_HU),
    (Ellipsoid((0.0, 46.0, 0.0), (46.0, 30.0, 70.0)), FAT_HU + 60),
    (Tube((16.0, 38.0, 60.0), (8.0, 36.0, -20.0), 12.0, 10.5), 44.0),
    (Tube((-20.0, 2.0, 60.0), (-20.0, 8.0, -20.0), 11.0, 11.0), 44.0),
)


def draw_abdomen(picture: Picture, distance: Field) -> None:
    """Fill what lies beneath the diaphragm, `distance` to which is given."""
    share = picture.covered(distance)
    if share.any():
        inside = Picture.of(picture.grid, picture.pixel_mm, LIVER_HU)
        for shape, hu in ORGANS:
            inside.fill_shape(shape, (0.0, hu))
        blend(picture.hu, inside.hu, share)
