import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screening.lungs.in_plane_orientation import InPlaneOrientation
from screening.views.crop import Crop

# An oblique slice: columns run to the left and a little down, as a tilted gantry gives.
AFFINE_LPS = np.array([[0.7, 0.0, 0.1, -180.0], [0.0, 0.8, 0.0, -170.0], [-0.05, 0.1, 2.0, 40.0], [0.0, 0.0, 0.0, 1.0]])


def test_the_square_is_one_in_millimetres() -> None:
    crop = Crop.around((10, 60, 20, 120), 64, spacing_mm=(2.0, 1.0))
    assert (crop.row1 - crop.row0) * 2.0 == pytest.approx((crop.column1 - crop.column0) * 1.0)
    assert crop == Crop(10, 60, 20, 120, 64)
    assert Crop.around((40, 60, 20, 120), 64) == Crop(0, 100, 20, 120, 64)


@given(
    st.integers(-40, 40), st.integers(-40, 40), st.integers(20, 90), st.integers(20, 90), st.sampled_from([16, 64, 224])
)
def test_pixels_outside_the_slice_have_the_given_value(top: int, left: int, high: int, wide: int, size: int) -> None:
    slice_ = np.arange(60 * 50, dtype=np.int16).reshape(60, 50)
    crop = Crop(top, top + high, left, left + wide, size)
    shown = crop.of(slice_, outside=-1)
    assert shown.shape == (high, wide)
    for row in (0, high // 2, high - 1):
        for column in (0, wide // 2, wide - 1):
            inside = 0 <= top + row < 60 and 0 <= left + column < 50
            assert shown[row, column] == (slice_[top + row, left + column] if inside else -1)


def test_a_bright_pixel_maps_back_to_its_position_in_the_patient() -> None:
    slice_ = np.zeros((200, 260), np.int16)
    slice_[61, 187] = 1000
    crop = Crop(20, 180, 90, 250, 320)
    view = crop.resized(slice_, outside=0)
    row, column = np.argwhere(view == view.max()).mean(axis=0)
    assert crop.to_slice(row, column) == pytest.approx((61, 187))
    expected = (AFFINE_LPS @ (187, 61, 7, 1))[:3]
    np.testing.assert_allclose(crop.to_patient(AFFINE_LPS, 7, row, column), expected, atol=1e-9)


@given(st.floats(0, 63), st.floats(0, 63))
def test_the_mapping_to_the_slice_in_closed_form(row: float, column: float) -> None:
    crop = Crop(-5, 123, 17, 145, 64)  # two slice pixels for one of the view
    assert crop.to_slice(row, column) == pytest.approx((-5 + 2 * row + 0.5, 17 + 2 * column + 0.5))


@given(*[st.booleans()] * 3, st.integers(12, 108), st.integers(18, 110))
def test_a_turned_view_maps_back_to_the_slice(transposed: bool, down: bool, mirrored: bool, y: int, x: int) -> None:
    slice_ = np.zeros((120, 130), np.float32)
    slice_[y, x] = 1.0
    crop = Crop(10, 110, 15, 115, 100, InPlaneOrientation(transposed, down, mirrored))
    view = crop.of(slice_, outside=0)
    if not view.any():
        return  # the pixel lies outside the crop
    row, column = np.unravel_index(view.argmax(), view.shape)
    assert crop.to_slice(float(row), float(column)) == pytest.approx((y, x))
    np.testing.assert_array_equal(crop.map_on_slice(view, (120, 130)), slice_)


def test_a_map_lies_at_its_position_on_the_slice() -> None:
    crop = Crop(-10, 90, 40, 140, 50)
    cells = np.zeros((10, 10), np.float32)
    cells[3, 8] = 1.0  # rows 20 to 29, columns 120 to 129
    placed = crop.map_on_slice(cells, (100, 130))
    assert placed.shape == (100, 130)
    row, column = np.unravel_index(placed.argmax(), placed.shape)
    assert 20 <= row <= 29
    assert 120 <= column <= 129
    assert not placed[:, :39].any()


@pytest.mark.parametrize("edges", [(5, 5, 0, 9), (0, 9, 9, 5)])
def test_an_empty_crop_cannot_be_made(edges: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError, match="crop"):
        Crop(*edges, size=64)
