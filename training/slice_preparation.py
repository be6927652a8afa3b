"""Entries -> prepared slices, with serving's own code.

Each slice has two views, of two crops. Crop 0 is that of serving: around the lungs of the whole study, or, for a single
published slice, around its own lungs. Crop 1 is another possible crop: around the slice's own lungs, or a wider one.
Training draws between them, so that the size of the lungs in the view is no cue.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from screening.errors import StudyError
from screening.intake.budgets import Budgets
from screening.lungs.lung_extent import Box, box_of
from screening.lungs.lung_mask import lung_mask_of_grey
from screening.preparation import survey
from screening.views.augmented_views import plain_view_of_grey, view_mask
from screening.views.crop import Crop
from training.datasets.entry import Entry
from training.surveyed_volume import SurveyedVolume, Unusable, survey_volume

CROPS_PER_SLICE: Final = 2
WIDER: Final = 1.35
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


def prepare_entry(entry: Entry, size: int, spacing_mm: float) -> Iterator[PreparedSlice]:
    """The slices of an entry, those of a study `spacing_mm` apart; raises Unusable."""
    cv2.setNumThreads(1)
    if entry.kind == "grey":
        yield _grey(entry, size)
        return
    with TemporaryDirectory() as scratch:
        try:
            study = survey(entry.path, Path(scratch), Budgets()).studies[0]
        except StudyError as error:
            raise Unusable(error.code) from error
        volume = survey_volume(study, spacing_mm)
        for index in volume.viewed:
            yield _of_volume(entry, volume, index, size)


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
    masks = _on_views(mask, crops)
    return PreparedSlice(
        entry,
        np.stack([plain_view_of_grey(slice_, crop) for crop in crops]),
        masks,
        masks,
        np.zeros_like(masks),
        np.stack([_extent(crop, slice_.shape) for crop in crops]),
        entry.label,
    )


def _of_volume(entry: Entry, volume: SurveyedVolume, index: int, size: int) -> PreparedSlice:
    lungs = volume.lungs(index)
    own = _scaled(box_of([lungs]), 1 + 2 * MARGIN_FRACTION) if lungs.any() else volume.box
    crops = [volume.crop(box, size) for box in (volume.box, own)]
    name = volume.file_name(index)
    lesion = _lesion(entry, name, lungs.shape)
    return PreparedSlice(
        entry,
        np.stack([volume.view(index, crop) for crop in crops]),
        _on_views(lungs, crops),
        _on_views(volume.counted(index), crops),
        _on_views(lesion, crops),
        np.stack([_extent(crop, lungs.shape) for crop in crops]),
        1 if lesion.any() else entry.slice_labels.get(name, entry.label),
        volume.height_mm(index),
    )


def _lesion(entry: Entry, name: str, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """What a reader has marked on the file `name`; nothing where there is no mask."""
    path = entry.lesion_masks.get(name)
    if path is None:
        return np.zeros(shape, np.bool_)
    mask = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if mask is None or mask.shape != shape:
        raise Unusable("the mask of a lesion cannot be decoded, or does not have the size of its slice")
    return np.asarray(mask > 0)


def _on_views(mask: NDArray[np.bool_], crops: Sequence[Crop]) -> Bytes:
    return np.concatenate([view_mask(mask, crop) for crop in crops])


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


__all__ = ["CROPS_PER_SLICE", "PreparedSlice", "Unusable", "prepare_entry"]
