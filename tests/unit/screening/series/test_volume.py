"""The volume: HU by DICOM's rules, and warnings about irregular series."""

import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screening.dicom.headers import read_headers
from screening.dicom.hu import AIR_HU, to_hu
from screening.dicom.slice_header import Rescale
from screening.errors import BrokenArchive, BrokenPixels, NoPixelData
from screening.intake.budgets import Budgets
from screening.intake.upload import open_upload
from screening.series.series_choice import ranked
from screening.series.studies import Study, studies_of
from screening.series.volume import Volume
from tests.dicom_factory import ct_series, enhanced_ct, folder_of, to_bytes, to_files, zip_of
from tests.unit.screening.synthetic_headers import slice_header, slice_headers


def volume_of(upload: Path) -> Volume:
    study = studies_of(read_headers(open_upload(upload, upload.parent / "scratch", Budgets()), Budgets()))[0]
    assert isinstance(study, Study)
    return ranked(study).volumes[0]


@given(
    st.lists(st.integers(-32768, 32767), min_size=1, max_size=20),
    st.sampled_from([1.0, 2.0, 0.5, -1.0]),
    st.integers(-3000, 3000),
)
def test_hu_against_a_simple_implementation(stored: list[int], slope: float, intercept: int) -> None:
    slow = [min(32767, max(AIR_HU, round(value * slope + intercept))) for value in stored]
    assert to_hu(np.array(stored, np.int16), Rescale(slope, float(intercept))).tolist() == slow


def test_padding_is_air() -> None:
    stored = np.array([-2000, -1999, 0, 63536], np.int32)
    assert to_hu(stored, Rescale(1.0, 100.0, (-2000, -2000))).tolist() == [AIR_HU, AIR_HU, 100, 32767]
    assert to_hu(stored, Rescale(1.0, 100.0, (0, 70_000))).tolist() == [AIR_HU, AIR_HU, AIR_HU, AIR_HU]


@pytest.mark.parametrize(
    "rescale", [Rescale(np.nan), Rescale(0.0), Rescale(1.0, np.inf), Rescale(1e300), Rescale(3e38)]
)
def test_a_rescale_that_gives_no_numbers_is_refused(rescale: Rescale) -> None:
    with pytest.raises(BrokenPixels):
        to_hu(np.array([1, 2], np.int16), rescale)


def test_values_that_are_no_numbers_inside_the_scan_are_refused() -> None:
    values = np.zeros((5, 5), np.float32)
    values[2, 2] = np.nan
    with pytest.raises(BrokenPixels):
        to_hu(values, Rescale())


def test_values_that_are_no_numbers_outside_the_scan_are_air() -> None:
    values = np.zeros((5, 5), np.float32)
    values[:, 0] = values[1, 1] = np.nan
    assert to_hu(values, Rescale()).tolist() == [
        [AIR_HU, 0, 0, 0, 0],
        [AIR_HU, AIR_HU, 0, 0, 0],
        *[[AIR_HU, 0, 0, 0, 0]] * 3,
    ]


def test_padding_whose_value_is_one_of_tissue_takes_no_pixel_inside_the_patient() -> None:
    stored = np.full((5, 5), 40, np.int16)
    stored[0], stored[2, 2] = 0, 0
    expected = np.full((5, 5), 40)
    expected[0], expected[2, 2] = AIR_HU, 0
    assert to_hu(stored, Rescale(1.0, 0.0, (0, 0))).tolist() == expected.tolist()


def test_slices_are_decoded_in_the_order_of_their_position(tmp_path: Path) -> None:
    volume = volume_of(zip_of(tmp_path / "upload", to_files(ct_series(16))))
    assert len(volume) == 16
    for index in range(16):
        assert volume.hu(index)[0, 0] == 100 * index
        assert volume.hu(index).dtype == np.int16


def test_each_frame_is_rescaled_by_its_own_numbers(tmp_path: Path) -> None:
    volume = volume_of(folder_of(tmp_path / "upload", {"multi": to_bytes(enhanced_ct(16))}))
    assert [int(volume.hu(index)[0, 0]) for index in range(16)] == [101 * index for index in range(16)]


def test_a_volume_pickles(tmp_path: Path) -> None:
    volume = volume_of(zip_of(tmp_path / "upload", to_files(ct_series(16))))
    copy = pickle.loads(pickle.dumps(volume))  # noqa: S301 - our own bytes
    np.testing.assert_array_equal(copy.hu(7), volume.hu(7))


def test_an_upload_that_changed_since_is_noticed(tmp_path: Path) -> None:
    upload = zip_of(tmp_path / "upload", to_files(ct_series(16)), stored=True)
    volume = volume_of(upload)
    data = bytearray(upload.read_bytes())
    data[data.index(b"\x00\x04\x01\x04") + 1] ^= 1  # one bit of one pixel
    upload.write_bytes(data)
    with pytest.raises(BrokenArchive, match="checksum"):
        [volume.hu(index) for index in range(16)]


def test_a_slice_without_pixels_is_not_zeros() -> None:
    with pytest.raises(NoPixelData):
        replace(Volume.of(slice_headers(3)), slices=tuple(replace(one, pixels=None) for one in slice_headers(3))).hu(0)


def test_a_volume_has_a_slice_for_each_position() -> None:
    with pytest.raises(ValueError, match="each position"):
        replace(Volume.of(slice_headers(3)), slices=tuple(slice_headers(2)))


def test_a_regular_series_has_no_warning() -> None:
    assert Volume.of(slice_headers()).warnings == ()


def test_a_wide_step_gives_a_warning() -> None:
    (warning,) = Volume.of([*slice_headers(6), slice_header(7), slice_header(8)]).warnings
    assert warning == "The slices are not evenly spaced: the steps are 8.00 to 16.00 mm."


def test_uneven_spacing_gives_a_warning() -> None:
    moved = replace(slice_header(3), position=(0.0, 0.0, 27.0))
    (warning,) = Volume.of([*slice_headers(3), moved, slice_header(4), slice_header(5), slice_header(6)]).warnings
    assert warning == "The slices are not evenly spaced: the steps are 5.00 to 11.00 mm."


def test_slices_at_one_position_give_a_warning() -> None:
    doubles = [replace(one, sop_uid=f"{one.sop_uid}.2") for one in slice_headers(2)]
    (warning,) = Volume.of([*slice_headers(), *doubles]).warnings
    assert warning.startswith("2 slice(s) have the position of another one")


def test_a_tilted_gantry_gives_a_warning() -> None:
    sheared = [replace(one, position=(0.0, 2.0 * index, 8.0 * index)) for index, one in enumerate(slice_headers())]
    (warning,) = Volume.of(sheared).warnings
    assert warning == "The gantry was tilted: the slices are sheared by 14.0 degrees."


def test_a_tilt_that_only_the_header_declares_gives_a_warning() -> None:
    (warning,) = Volume.of([replace(one, gantry_tilt_deg=-15.0) for one in slice_headers()]).warnings
    assert "-15.0 degrees" in warning
