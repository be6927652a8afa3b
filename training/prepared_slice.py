"""A prepared slice: its two views, with masks of the same crops."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from screening.lungs.lung_extent import Box
from screening.views.augmented_views import view_mask
from screening.views.crop import Crop
from training.datasets.entry import Entry

CROPS_PER_SLICE: Final = 2
MARGIN_FRACTION: Final = 0.02  # of the box's sides: pleura and ribs, like serving's margin in mm

Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class PreparedSlice:
    """`views`, `masks`, `counted` and `lesions` uint8 [2, size, size]; the last three are 1 inside.

    `counted` is the part of the lung mask that counts in serving (`screening.lungs.dome_exclusion`), `lesions` what a
    reader has marked. `extents` int16 [2, 4]: rows and columns of the view inside the slice. `height_mm` is None where
    the place of the slice in the patient is not known.
    """

    entry: Entry
    views: Bytes
    masks: Bytes
    counted: Bytes
    lesions: Bytes
    extents: NDArray[np.int16]
    label: int | None
    height_mm: float | None = None


def on_views(mask: NDArray[np.bool_], crops: Sequence[Crop]) -> Bytes:
    """A mask of the slice on its views."""
    return np.concatenate([view_mask(mask, crop) for crop in crops])


def scaled_box(box: Box, factor: float) -> Box:
    """The box with its sides scaled about its centre."""
    row0, row1, column0, column1 = box
    rows, columns = (round((end - start) * (factor - 1) / 2) for start, end in ((row0, row1), (column0, column1)))
    return row0 - rows, row1 + rows, column0 - columns, column1 + columns


def extent_of(crop: Crop, shape: tuple[int, ...]) -> NDArray[np.int16]:
    """Rows (start, end) and columns (start, end) of the view that lie inside the slice."""
    sides = ((crop.row0, crop.row1, shape[0]), (crop.column0, crop.column1, shape[1]))
    spans = [
        edge
        for start, end, length in sides
        for edge in (
            max(0, int(np.ceil(-start * crop.size / (end - start)))),
            min(crop.size, (length - start) * crop.size // (end - start)),
        )
    ]
    return np.array(spans, np.int16)
