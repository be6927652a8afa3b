"""Slices without neighbours: published as 8 bit, or a DICOM image alone. Their crops are around their own lungs."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from screening.dicom.decoding import stored_values
from screening.dicom.headers import read_headers
from screening.dicom.hu import to_hu
from screening.errors import StudyError
from screening.intake.budgets import Budgets
from screening.intake.upload import open_upload
from screening.lungs.lung_extent import box_of
from screening.lungs.lung_mask import lung_mask, lung_mask_of_grey
from screening.views.augmented_views import plain_view, plain_view_of_grey
from screening.views.crop import Crop
from training.datasets.entry import Entry
from training.prepared_slice import MARGIN_FRACTION, PreparedSlice, extent_of, on_views, scaled_box
from training.surveyed_volume import Unusable

FACTORS: Final = (1 + 2 * MARGIN_FRACTION, 1.35)  # of the box around the lungs: its crop, and a wider one

Bools = NDArray[np.bool_]


def of_grey_slice(entry: Entry, size: int) -> PreparedSlice:
    """A slice that was published as 8 bit; raises Unusable."""
    grey = cv2.imread(str(entry.path), cv2.IMREAD_GRAYSCALE)
    if grey is None:
        raise Unusable("cannot be decoded")
    slice_ = np.asarray(grey, np.uint8)
    mask = lung_mask_of_grey(slice_)
    crops = _crops(mask, size, (1.0, 1.0))
    return _prepared(entry, mask, crops, [plain_view_of_grey(slice_, crop) for crop in crops])


def of_dicom_image(entry: Entry, size: int) -> PreparedSlice:
    """A DICOM image without a series, in HU; raises Unusable."""
    with TemporaryDirectory() as scratch:
        try:
            header = read_headers(open_upload(entry.path, Path(scratch), Budgets()), Budgets()).slices[0]
            hu = to_hu(stored_values(header), header.rescale)
        except StudyError as error:
            raise Unusable(error.code) from error
    mask = lung_mask(hu, header.spacing_mm)
    crops = _crops(mask, size, header.spacing_mm or (1.0, 1.0))
    return _prepared(entry, mask, crops, [plain_view(hu, crop) for crop in crops])


def _crops(mask: Bools, size: int, spacing_mm: tuple[float, float]) -> list[Crop]:
    if not mask.any():
        raise Unusable("no lung")
    box = box_of([mask])
    return [Crop.around(scaled_box(box, factor), size, spacing_mm) for factor in FACTORS]


def _prepared(entry: Entry, mask: Bools, crops: list[Crop], views: list[NDArray[np.uint8]]) -> PreparedSlice:
    masks = on_views(mask, crops)
    extents = np.stack([extent_of(crop, mask.shape) for crop in crops])
    return PreparedSlice(entry, np.stack(views), masks, masks, np.zeros_like(masks), extents, entry.label)
