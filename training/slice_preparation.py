"""Entries -> prepared slices, with serving's own code.

Each slice has two views, of two crops. Crop 0 is that of serving: around the lungs of the whole study, or, for a single
published slice, around its own lungs. Crop 1 is another possible crop: around the slice's own lungs, or a wider one.
Training draws between them, so that the size of the lungs in the view is no cue.
"""

from collections.abc import Callable, Iterator
from types import MappingProxyType
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from screening.errors import StudyError
from screening.lungs.lung_extent import box_of
from training.datasets.entry import Entry
from training.opened_study import opened_study
from training.prepared_slice import MARGIN_FRACTION, PreparedSlice, extent_of, on_views, scaled_box
from training.single_slices import of_dicom_image, of_grey_slice
from training.surveyed_volume import SurveyedVolume, Unusable, survey_volume

SINGLE_SLICES: Final = MappingProxyType[str, Callable[[Entry, int], PreparedSlice]](
    {"grey": of_grey_slice, "single": of_dicom_image}
)


def prepare_entry(entry: Entry, size: int, spacing_mm: float) -> Iterator[PreparedSlice]:
    """The slices of an entry, those of a study `spacing_mm` apart; raises Unusable."""
    cv2.setNumThreads(1)
    if entry.kind in SINGLE_SLICES:
        yield SINGLE_SLICES[entry.kind](entry, size)
        return
    try:
        with opened_study(entry) as study:
            volume = survey_volume(study, spacing_mm)
            for index in volume.viewed:
                yield _of_volume(entry, volume, index, size)
    except StudyError as error:
        raise Unusable(error.code) from error


def _of_volume(entry: Entry, volume: SurveyedVolume, index: int, size: int) -> PreparedSlice:
    lungs = volume.lungs(index)
    own = scaled_box(box_of([lungs]), 1 + 2 * MARGIN_FRACTION) if lungs.any() else volume.box
    crops = [volume.crop(box, size) for box in (volume.box, own)]
    name = volume.file_name(index)
    lesion = lesion_of(entry, name, lungs.shape)
    return PreparedSlice(
        entry,
        np.stack([volume.view(index, crop) for crop in crops]),
        on_views(lungs, crops),
        on_views(volume.counted(index), crops),
        on_views(lesion, crops),
        np.stack([extent_of(crop, lungs.shape) for crop in crops]),
        1 if lesion.any() else entry.slice_labels.get(name, entry.label),
        volume.height_mm(index),
    )


def lesion_of(entry: Entry, name: str, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """What a reader has marked on the file `name` [rows, columns]; nothing where there is no mask. Raises Unusable."""
    path = entry.lesion_masks.get(name)
    if path is None:
        return np.zeros(shape, np.bool_)
    mask = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if mask is None or mask.shape != shape:
        raise Unusable(f"the mask {path.name} cannot be decoded, or does not have the size of its slice")
    return np.asarray(mask > 0)
