from pathlib import Path

import numpy as np
import pytest

from export.calibration_views import CalibrationViews
from export.errors import InvalidViews


def test_npz_is_read_back(views: CalibrationViews, tmp_path: Path) -> None:
    path = tmp_path / "views.npz"
    np.savez(path, views=views.views, lung_masks=views.lung_masks, studies=views.studies)
    assert CalibrationViews.from_npz(path).sha256 == views.sha256


def test_npz_without_studies_is_refused(views: CalibrationViews, tmp_path: Path) -> None:
    path = tmp_path / "views.npz"
    np.savez(path, views=views.views, lung_masks=views.lung_masks)
    with pytest.raises(InvalidViews, match="lacks studies"):
        CalibrationViews.from_npz(path)


@pytest.mark.parametrize(
    "change_arrays",
    [
        lambda v: (v.views[:, :4], v.lung_masks, v.studies),
        lambda v: (v.views.astype(np.float32), v.lung_masks, v.studies),
        lambda v: (v.views, v.lung_masks[..., :32], v.studies),
        lambda v: (v.views, v.lung_masks[:3], v.studies),
        lambda v: (v.views[:0], v.lung_masks[:0], v.studies[:0]),
    ],
)
def test_views_that_are_not_the_contracts_are_refused(change_arrays: object, views: CalibrationViews) -> None:
    assert callable(change_arrays)
    with pytest.raises(InvalidViews):
        CalibrationViews(*change_arrays(views))


def test_batches_cover_every_slice_once(views: CalibrationViews) -> None:
    batches = views.batches(5)
    assert [len(batch["views"]) for batch in batches] == [5, 5, 2]
    np.testing.assert_array_equal(np.concatenate([batch["lung_mask"] for batch in batches]), views.lung_masks)


def test_phantoms_are_used_without_studies() -> None:
    views = CalibrationViews.synthetic(64)
    assert len(np.unique(views.studies)) == 2
    assert views.lung_masks.any(axis=(1, 2, 3)).all()


def test_real_studies_are_prepared_as_serving_does(real_data: Path) -> None:
    views = CalibrationViews.from_studies([real_data / "dicom" / "lung_dx_a0002"], 64)
    assert views.image_size == 64
    assert len(np.unique(views.studies)) == 1
