"""Entries -> prepared slices, with serving's own code.

Each slice has two views, of two crops. Crop 0 is that of serving: around the lungs of the whole study, or, for a single
published slice, around its own lungs. Crop 1 is another possible crop: around the slice's own lungs, or a wider one.
Training draws between them, so that the size of the lungs in the view is no cue.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from screening.budgets import Budgets
from screening.crop import Crop
from screening.errors import NoLung, PixelError, StudyError
from screening.lung_mask import lung_mask, lung_mask_of_grey
from screening.lungs import Box, Lungs, box_of, find_lungs
from screening.preparation import choose_slices, survey
from screening.series import rank
from screening.views import plain_view, plain_view_of_grey, view_mask
from screening.volume import Volume
from training.datasets.entry import Entry

CROPS_PER_SLICE: Final = 2
WIDER: Final = 1.35
MARGIN_FRACTION: Final = 0.02  # of the box's sides: pleura and ribs, like serving's margin in mm

Bytes = NDArray[np.uint8]


class Unusable(Exception):
    """An entry that gives no slices; the message is the reason."""


@dataclass(frozen=True)
class PreparedSlice:
    """`views` and `masks` uint8 [2, size, size]; `extents` int16 [2, 4]: rows and columns of the view inside the slice.

    `position` is 0 at the lowest and 1 at the highest slice of the lungs, None if it is unknown.
    """

    entry: Entry
    views: Bytes
    masks: Bytes
    extents: NDArray[np.int16]
    label: int | None
    position: float | None = None


def prepare_entry(entry: Entry, size: int, slices: int) -> Iterator[PreparedSlice]:
    """The slices of an entry, at most `slices` of a study; raises Unusable."""
    cv2.setNumThreads(1)
    if entry.kind == "grey":
        yield _grey(entry, size)
        return
    with TemporaryDirectory() as scratch:
        volume, lungs = _volume(entry.path, Path(scratch))
        for index in choose_slices(lungs, slices):
            yield _of_volume(entry, volume, lungs, index, size)


def _grey(entry: Entry, size: int) -> PreparedSlice:
    grey = cv2.imread(str(entry.path), cv2.IMREAD_GRAYSCALE)
    if grey is None:
        raise Unusable("cannot be decoded")
    slice_ = np.asarray(grey, np.uint8)
    mask = lung_mask_of_grey(slice_)
    if not mask.any():
        raise Unusable("no lung")
    box = box_of([mask])
    crops = [Crop.around(_scaled(box, factor), size) for factor in (1 + 2 * MARGIN_FRACTION, WIDER)]
    return PreparedSlice(
        entry,
        np.stack([plain_view_of_grey(slice_, crop) for crop in crops]),
        np.concatenate([view_mask(mask, crop) for crop in crops]),
        np.stack([_extent(crop, slice_.shape) for crop in crops]),
        entry.label,
    )


def _volume(path: Path, scratch: Path) -> tuple[Volume, Lungs]:
    """The series that serving chooses, and its lungs."""
    try:
        study = survey(path, scratch, Budgets()).studies[0]
        if isinstance(study, StudyError):
            raise Unusable(study.code)
        for _, volume in rank(study):
            if volume is not None:
                try:
                    return volume, find_lungs(volume)
                except (NoLung, PixelError):
                    continue
    except StudyError as error:
        raise Unusable(error.code) from error
    raise Unusable("no_lung")


def _of_volume(entry: Entry, volume: Volume, lungs: Lungs, index: int, size: int) -> PreparedSlice:
    spacing_mm = volume.geometry.spacing_mm[1:]
    try:
        hu = volume.hu(index)
    except PixelError as error:
        raise Unusable(error.code) from error
    mask = lung_mask(hu, spacing_mm)
    own = _scaled(box_of([mask]), 1 + 2 * MARGIN_FRACTION) if mask.any() else lungs.box
    crops = [Crop.around(box, size, spacing_mm) for box in (lungs.box, own)]
    return PreparedSlice(
        entry,
        np.stack([plain_view(hu, crop) for crop in crops]),
        np.concatenate([view_mask(mask, crop) for crop in crops]),
        np.stack([_extent(crop, hu.shape) for crop in crops]),
        entry.slice_labels.get(volume.slices[index].member.path.name, entry.label),
        (index - lungs.first) / max(1, lungs.last - lungs.first),
    )


def _scaled(box: Box, factor: float) -> Box:
    row0, row1, column0, column1 = box
    rows, columns = (round((end - start) * (factor - 1) / 2) for start, end in ((row0, row1), (column0, column1)))
    return row0 - rows, row1 + rows, column0 - columns, column1 + columns


def _extent(crop: Crop, shape: tuple[int, ...]) -> NDArray[np.int16]:
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
