"""Written NIfTI, read by nibabel: every voxel is at its position in the DICOM slice."""

import gzip
from pathlib import Path

import nibabel
import numpy as np
import pytest
from numpy.typing import NDArray

from screening.dicom.geometry import Geometry
from screening.views.nifti_writing import coarse_affine, coarse_shape, coarse_slice, write_nifti

RAS = np.diag([-1.0, -1.0, 1.0])


def oblique(shape: tuple[int, int, int] = (5, 12, 10)) -> Geometry:
    """A tilted grid with three different spacings."""
    affine = np.eye(4)
    affine[:3, 0] = np.array([0.96, 0.28, 0.0]) * 0.7
    affine[:3, 1] = np.array([-0.28, 0.96, 0.0]) * 0.9
    affine[:3, 2] = [0.0, 0.4, 2.0]
    affine[:3, 3] = [-31.0, 12.5, 200.0]
    return Geometry(shape, affine, (2.0, 0.9, 0.7))


def values_of(geometry: Geometry) -> NDArray[np.int16]:
    return np.arange(np.prod(geometry.shape), dtype=np.int16).reshape(geometry.shape)


def test_every_voxel_is_at_its_position_in_the_slice(tmp_path: Path) -> None:
    geometry, values = oblique(), values_of(oblique())
    write_nifti(tmp_path / "v.nii.gz", geometry, 1, values)
    read = nibabel.load(tmp_path / "v.nii.gz")
    assert read.shape == (10, 12, 5)
    assert read.header["sform_code"] == 1
    for column, row, index in np.random.default_rng(0).integers(0, (10, 12, 5), (20, 3)):
        assert np.asarray(read.dataobj)[column, row, index] == values[index, row, column]
        lps = (geometry.affine_lps @ (column, row, index, 1))[:3]
        np.testing.assert_allclose((read.affine @ (column, row, index, 1))[:3], RAS @ lps, atol=1e-4)


@pytest.mark.parametrize("step", [2, 4])
def test_a_coarse_cell_lies_at_the_centre_of_its_pixels(step: int) -> None:
    """The mean of the pixels' positions is the cell's position."""
    geometry = oblique((8, 12, 16))
    affine = coarse_affine(geometry, step)
    slices, rows, columns = coarse_shape(geometry, step)
    assert (slices, rows, columns) == (8 // step, 12 // step, 16 // step)
    for index, row, column in np.ndindex(slices, rows, columns):
        pixels = [
            RAS @ (geometry.affine_lps @ (column * step + right, row * step + down, index * step, 1))[:3]
            for down in range(step)
            for right in range(step)
        ]
        np.testing.assert_allclose((affine @ (column, row, index, 1))[:3], np.mean(pixels, axis=0))


@pytest.mark.parametrize("step", [1, 2, 4])
def test_a_coarse_slice_holds_the_means(step: int) -> None:
    values = np.random.default_rng(1).integers(-1024, 3000, (13, 18)).astype(np.int16)
    coarse = coarse_slice(values, step)
    assert coarse.dtype == np.int16
    for row, column in np.ndindex(coarse.shape):
        cell = values[row * step : (row + 1) * step, column * step : (column + 1) * step]
        assert coarse[row, column] == pytest.approx(cell.mean(), abs=0.501)


def test_a_linear_ramp_keeps_its_position(tmp_path: Path) -> None:
    """A linear function of the patient's coordinates is the same function on every grid."""
    geometry = oblique((8, 12, 16))
    index, row, column = np.indices(geometry.shape)
    places = np.einsum("ij,j...->i...", geometry.affine_lps[:3], np.stack([column, row, index, np.ones_like(row)]))
    ramp = np.rint(40 * places[0] + 25 * places[1] - 3 * places[2]).astype(np.int16)
    write_nifti(tmp_path / "v.nii.gz", geometry, 4, [coarse_slice(one, 4) for one in ramp[::4]])
    read = nibabel.load(tmp_path / "v.nii.gz")
    for voxel in np.ndindex(read.shape):
        x, y, z = RAS @ (read.affine @ (*voxel, 1))[:3]
        assert np.asarray(read.dataobj)[voxel] == pytest.approx(40 * x + 25 * y - 3 * z, abs=1.5)


def test_a_reader_applies_the_scale(tmp_path: Path) -> None:
    geometry = oblique()
    write_nifti(tmp_path / "v.nii.gz", geometry, 1, np.full(geometry.shape, 255, np.uint8), 1 / 255)
    np.testing.assert_allclose(nibabel.load(tmp_path / "v.nii.gz").get_fdata(), 1.0)


def test_equal_volumes_are_equal_bytes(tmp_path: Path) -> None:
    for name in ("a.nii.gz", "b.nii.gz"):
        write_nifti(tmp_path / name, oblique(), 1, values_of(oblique()))
    first, second = (tmp_path / name for name in ("a.nii.gz", "b.nii.gz"))
    assert first.read_bytes() == second.read_bytes()
    assert first.read_bytes()[4:8] == bytes(4)  # RFC 1952 2.3.1: MTIME
    assert len(gzip.decompress(first.read_bytes())) == 352 + 2 * 5 * 12 * 10


def test_what_does_not_fit_the_grid_is_refused(tmp_path: Path) -> None:
    geometry = oblique()
    with pytest.raises(ValueError, match="number of slices"):
        write_nifti(tmp_path / "v.nii.gz", geometry, 1, values_of(geometry)[:4])
    with pytest.raises(ValueError, match="size"):
        write_nifti(tmp_path / "v.nii.gz", geometry, 1, values_of(geometry)[:, :11])
