import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.uid import UID

from screening.contract import VIEWS
from screening.errors import NoLung
from screening.phantom.phantom_study import write_phantom
from screening.preparation import augmented_rows, prepare
from tests.unit.screening.studies import SIZE, SLICES, VIEW_SPACING_MM, prepared_phantom, study_of


def test_shapes_and_names_of_what_is_prepared() -> None:
    prepared = prepared_phantom(image_size=64)
    count = len(prepared.slice_indices)
    assert prepared.views.shape == prepared.lung_masks.shape == (count, 1, 64, 64)
    assert prepared.views.dtype == prepared.lung_masks.dtype == np.uint8
    assert set(np.unique(prepared.lung_masks)) == {0, 1}
    assert len(set(prepared.sop_uids)) == len(prepared.extents_mm) == count
    assert set(prepared.timings_s) == {"decode", "lungs", "masks", "views"}


def test_slices_rise_within_the_lungs() -> None:
    prepared = prepared_phantom()
    assert list(prepared.slice_indices) == sorted(set(prepared.slice_indices))
    assert prepared.coverage.complete
    assert sum(prepared.extents_mm) >= prepared.coverage.height_mm - 25.0  # slices of the phantom lie 12.5 mm apart


def test_test_time_rows_are_the_other_views_and_their_masks() -> None:
    prepared = prepared_phantom()
    views, masks = augmented_rows(prepared.views[3:5], prepared.lung_masks[3:5])
    assert views.shape == masks.shape == (2 * (len(VIEWS) - 1), 1, 64, 64)
    flip = VIEWS.index("flip") - 1
    np.testing.assert_array_equal(views[flip], prepared.views[3, :, :, ::-1])
    np.testing.assert_array_equal(masks[flip], prepared.lung_masks[3, :, :, ::-1])
    np.testing.assert_array_equal(masks[len(VIEWS) - 1 + (flip + 1)], prepared.lung_masks[4])


def test_it_pickles() -> None:
    prepared = prepared_phantom()
    copy = pickle.loads(pickle.dumps(prepared))  # noqa: S301 - our own bytes
    np.testing.assert_array_equal(copy.views, prepared.views)
    assert copy.crop == prepared.crop


def test_twice_the_same_is_the_same_to_the_byte(tmp_path: Path) -> None:
    path = write_phantom(tmp_path / "study.zip", slices=SLICES, size=SIZE)
    again = prepare(study_of(path, tmp_path), 64, VIEW_SPACING_MM)
    assert again.views.tobytes() == prepared_phantom().views.tobytes()
    assert again.lung_masks.tobytes() == prepared_phantom().lung_masks.tobytes()
    assert replace(again, timings_s={}).candidates == prepared_phantom().candidates


def test_a_folder_named_backwards_is_the_same_study(tmp_path: Path) -> None:
    folder = write_phantom(tmp_path / "study", slices=SLICES, size=SIZE)
    for number, path in enumerate(sorted(folder.iterdir())):
        path.rename(folder / f"z{SLICES - number:03}")
    assert (
        prepare(study_of(folder, tmp_path), 64, VIEW_SPACING_MM).views.tobytes() == prepared_phantom().views.tobytes()
    )


def test_a_slice_of_a_prone_patient_is_shown_upright(tmp_path: Path) -> None:
    """A prone patient: rows run to anterior, columns to the right."""
    folder = write_phantom(tmp_path / "study", slices=SLICES, size=SIZE)
    for path in folder.iterdir():
        slice_ = dcmread(path)
        x, y, z = (float(mm) for mm in slice_.ImagePositionPatient)
        slice_.ImagePositionPatient, slice_.ImageOrientationPatient = [-x, -y, z], [-1, 0, 0, 0, -1, 0]
        slice_.PixelData = np.ascontiguousarray(slice_.pixel_array[::-1, ::-1]).tobytes()
        slice_.save_as(path)
    turned, upright = prepare(study_of(folder, tmp_path), 64, VIEW_SPACING_MM), prepared_phantom()
    difference = np.abs(turned.views[:, 0].astype(int) - upright.views[:, 0])
    assert difference.mean() < 6  # the mask's grid and the box may differ by a pixel
    mirror = np.abs(turned.views[:, 0, :, ::-1].astype(int) - upright.views[:, 0])
    assert difference.mean() < 0.3 * mirror.mean()
    place = turned.crop.to_patient(turned.geometry.affine_lps, turned.slice_indices[3], 20.0, 45.0)
    expected = upright.crop.to_patient(upright.geometry.affine_lps, upright.slice_indices[3], 20.0, 45.0)
    np.testing.assert_allclose(place, expected, atol=4.0)


def test_the_series_with_lungs_is_chosen(tmp_path: Path) -> None:
    """A series of more slices without lungs is no rival; the report gives the reason."""
    chest = write_phantom(tmp_path / "chest", slices=SLICES, size=SIZE)
    (tmp_path / "both").mkdir()
    for number, path in enumerate(sorted(chest.iterdir())):
        slice_ = dcmread(path)
        (tmp_path / "both" / f"chest{number}").write_bytes(path.read_bytes())
        water = np.full((SIZE, SIZE), 1024 + 30, np.uint16)
        slice_.PixelData, slice_.SeriesInstanceUID = water.tobytes(), "2.25.77"
        for half in (0, 1):
            slice_.SOPInstanceUID = UID(f"2.25.78.{number}.{half}")
            slice_.ImagePositionPatient = [*slice_.ImagePositionPatient[:2], 12.5 * number + 6.0 * half]
            slice_.save_as(tmp_path / "both" / f"water{number}{half}")
    prepared = prepare(study_of(tmp_path / "both", tmp_path), 64, VIEW_SPACING_MM)
    reasons = {candidate.series_uid: candidate.reason for candidate in prepared.candidates}
    assert reasons == {"2.25.77": "less_lung", prepared.series_uid: "chosen"}
    assert [candidate.chosen for candidate in prepared.candidates] == [True, False]
    assert prepared.views.tobytes() == prepared_phantom().views.tobytes()


def test_no_lung_anywhere_is_an_error_that_names_the_study(tmp_path: Path) -> None:
    folder = write_phantom(tmp_path / "study", slices=SLICES, size=SIZE)
    for path in folder.iterdir():
        slice_ = dcmread(path)
        slice_.PixelData = bytes(len(slice_.PixelData))
        slice_.save_as(path)
    study = study_of(folder, tmp_path)
    with pytest.raises(NoLung) as refused:
        prepare(study, 64, VIEW_SPACING_MM)
    assert refused.value.study_uid == study.study_uid


@pytest.mark.parametrize("name", ["normal001", "cap001", "lung_dx_a0002"])
def test_real_studies(name: str, real_data: Path, tmp_path: Path) -> None:
    prepared = prepare(study_of(real_data / "dicom" / name, tmp_path), 64, VIEW_SPACING_MM)
    assert prepared.coverage.complete
    assert prepared.coverage.widest_unseen_mm <= VIEW_SPACING_MM + 0.01
    assert [candidate.reason for candidate in prepared.candidates if candidate.chosen] == ["chosen"]
