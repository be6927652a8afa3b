"""One slice as the lung grid shows it, so that what was decoded for the views need not be decoded again."""

from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from screening.dicom.hu import AIR_HU
from screening.lungs.slice_lungs import SliceLungs
from screening.views.augmented_views import view_mask
from screening.views.crop import Crop

GRID_MM: Final = 2.0  # a nodule of 6 mm is three voxels across; 1 mm would take eight times the arithmetic


@dataclass(frozen=True)
class GridSlice:
    """`hu`, int16, and `lungs` (1 inside), uint8, both [S, S] in the square of the grid."""

    hu: NDArray[np.int16] = field(repr=False)
    lungs: NDArray[np.uint8] = field(repr=False)

    @classmethod
    def of(cls, hu: NDArray[np.int16], lungs: SliceLungs, square: Crop) -> "GridSlice":
        """A slice [rows, columns] in HU with its lungs, in the square."""
        rows, columns = hu.shape
        return cls(square.resized(hu, outside=AIR_HU), view_mask(lungs.lungs_on((rows, columns)), square)[0])


def grid_square(crop: Crop, row_mm: float) -> Crop:
    """The square of a study's views with a pixel of `GRID_MM`; `row_mm` is the distance of the slice's rows."""
    return replace(crop, size=max(1, round((crop.row1 - crop.row0) * row_mm / GRID_MM)))
