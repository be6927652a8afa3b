"""NIfTI: voxels keep their position in LPS for every order of the file's axes."""

import gzip
import itertools
from pathlib import Path

import nibabel
import numpy as np
import pytest
from nibabel.orientations import apply_orientation, axcodes2ornt, inv_ornt_aff, ornt_transform

from screening.dicom.headers import read_headers
from screening.dicom.slice_header import is_uid
from screening.errors import BrokenDicom, BrokenPixels, MissingPosition, OverBudget, StudyError
from screening.intake.budgets import MIB, Budgets
from screening.intake.upload import open_upload
from screening.series.series_choice import ranked
from screening.series.studies import Study, studies_of
from screening.series.volume import Volume
from tests.dicom_factory import zip_of

SHAPE = (20, 24, 16)  # towards R, A, S
AFFINE = np.array([[0.7, 0, 0, -5], [0, 0.8, 0, -6], [0, 0, 8.0, 30], [0, 0, 0, 1.0]])
VOXELS = np.random.default_rng(0).integers(-1000, 1000, SHAPE).astype(np.int16)
ORIENTATIONS = ["RAS", "LPS", "LAS", "ASR", "SLP", "IPR"]


def written(path: Path, codes: str = "RAS", kind: type = nibabel.Nifti1Image) -> Path:
    """The same voxels at the same positions, stored along the axes `codes`."""
    turn = ornt_transform(axcodes2ornt("RAS"), axcodes2ornt(codes))
    scan = kind(apply_orientation(VOXELS, turn), AFFINE @ inv_ornt_aff(turn, SHAPE))
    path.write_bytes(scan.to_bytes())
    return path


def volume_of(upload: Path, budgets: Budgets | None = None) -> Volume:
    budgets = budgets or Budgets()
    (study,) = studies_of(read_headers(open_upload(upload, upload.parent / "scratch", budgets), budgets))
    assert isinstance(study, Study)
    return ranked(study).volumes[0]


@pytest.mark.parametrize("codes", ORIENTATIONS)
def test_every_voxel_keeps_its_value_and_position(tmp_path: Path, codes: str) -> None:
    volume = volume_of(written(tmp_path / "scan.nii", codes))
    assert volume.geometry.shape == (16, 24, 20)
    assert volume.geometry.spacing_mm == pytest.approx((8.0, 0.8, 0.7))
    slices = [volume.hu(index) for index in range(16)]
    to_ras = np.diag([-1.0, -1.0, 1.0, 1.0]) @ volume.geometry.affine_lps
    for index, row, column in itertools.product((0, 7, 15), (0, 23), (0, 19)):
        i, j, k, _ = np.rint(np.linalg.inv(AFFINE) @ to_ras @ (column, row, index, 1)).astype(int)
        assert slices[index][row, column] == VOXELS[i, j, k]


def test_rows_run_to_posterior_and_columns_to_the_left(tmp_path: Path) -> None:
    affine = volume_of(written(tmp_path / "scan.nii")).geometry.affine_lps
    assert (affine[0, 0], affine[1, 1], affine[2, 2]) == pytest.approx((0.7, 0.8, 8.0))


def test_packed_zipped_and_second_edition_are_the_same(tmp_path: Path) -> None:
    plain = written(tmp_path / "scan.nii")
    packed = tmp_path / "scan"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    zipped = zip_of(tmp_path / "scan.zip", {"scan.nii": plain.read_bytes()})
    second = written(tmp_path / "second.nii", kind=nibabel.Nifti2Image)
    volumes = [volume_of(upload) for upload in (plain, packed, zipped, second)]
    for volume in volumes[1:]:
        np.testing.assert_array_equal(volume.hu(5), volumes[0].hu(5))
    assert len({volume.study_uid for volume in volumes}) == 2  # by content: the second edition has another header
    assert all(is_uid(uid) for uid in (volumes[0].study_uid, volumes[0].series_uid, volumes[0].slices[3].sop_uid))


def test_scaled_values_are_scaled_back(tmp_path: Path) -> None:
    scan = nibabel.Nifti1Image(VOXELS, AFFINE)
    scan.header.set_slope_inter(2.0, -100.0)
    (tmp_path / "scan.nii").write_bytes(scan.to_bytes())
    reference = nibabel.Nifti1Image.from_bytes(scan.to_bytes()).get_fdata()
    np.testing.assert_array_equal(
        volume_of(tmp_path / "scan.nii").hu(3), np.clip(reference[::-1, ::-1, 3].T, -1024, None)
    )


def test_voxels_that_are_cut_off_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "scan.nii")
    path.write_bytes(path.read_bytes()[:-500])
    with pytest.raises((BrokenPixels, BrokenDicom)):
        volume_of(path).hu(15)


def test_a_grid_without_an_orientation_is_refused(tmp_path: Path) -> None:
    scan = nibabel.Nifti1Image(VOXELS, None)
    (tmp_path / "scan.nii").write_bytes(scan.to_bytes())
    with pytest.raises(MissingPosition):
        volume_of(tmp_path / "scan.nii")


@pytest.mark.parametrize("shape", [(8, 8), (8, 8, 8, 2)])
def test_more_or_less_than_one_volume_is_refused(tmp_path: Path, shape: tuple[int, ...]) -> None:
    (tmp_path / "scan.nii").write_bytes(nibabel.Nifti1Image(np.zeros(shape, np.int16), AFFINE).to_bytes())
    with pytest.raises(BrokenDicom):
        volume_of(tmp_path / "scan.nii")


def test_a_header_that_declares_too_many_voxels_stops_the_upload(tmp_path: Path) -> None:
    path = written(tmp_path / "scan.nii")
    data = bytearray(path.read_bytes())
    data[42:48] = np.array([30000, 30000, 30000], "<i2").tobytes()
    path.write_bytes(data)
    with pytest.raises(OverBudget):
        volume_of(path)


def test_a_packed_bomb_stops_the_upload(tmp_path: Path) -> None:
    bomb = tmp_path / "scan.nii.gz"
    bomb.write_bytes(gzip.compress(written(tmp_path / "scan.nii").read_bytes() + bytes(64 * MIB)))
    with pytest.raises(OverBudget):
        volume_of(bomb)


def test_a_byte_changed_in_the_header_raises_only_study_errors(tmp_path: Path) -> None:
    valid = written(tmp_path / "valid.nii").read_bytes()
    path = tmp_path / "scan.nii"
    for position in range(348):
        path.write_bytes(valid[:position] + bytes([valid[position] ^ 0x81]) + valid[position + 1 :])
        try:
            volume_of(path, Budgets(declared_pixel_bytes=MIB)).hu(0)
        except StudyError:
            continue
