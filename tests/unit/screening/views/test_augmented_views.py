from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from screening.contract import VIEWS
from screening.phantom.phantom_anatomy import HEIGHT_MM, Chest
from screening.views.augmented_views import (
    NOISE_SD,
    PERCENTILES,
    _percentiles,
    make_views,
    plain_view,
    plain_view_of_grey,
    view_mask,
)
from screening.views.crop import Crop
from tests.unit.screening.studies import prepared_phantom

SIZE = 96
CROP = Crop(0, 256, 0, 256, SIZE)


def slice_hu() -> np.ndarray:
    return Chest(0, nodule=True, effusion=False).hu(0.5 * HEIGHT_MM, 256)


def views() -> dict[str, np.ndarray]:
    return dict(zip(VIEWS, make_views(plain_view(slice_hu(), CROP))[:, 0], strict=True))


def test_views_are_those_of_the_contract() -> None:
    made = make_views(plain_view(slice_hu(), CROP))
    assert made.shape == (len(VIEWS), 1, SIZE, SIZE)
    assert made.dtype == np.uint8
    assert len({view.tobytes() for view in made}) == len(VIEWS)


def test_flip_really_flips() -> None:
    made = views()
    np.testing.assert_array_equal(made["flip"], np.fliplr(made["plain"]))
    assert (made["flip"] != made["plain"]).any()


def test_noise_has_its_sd_and_no_mean() -> None:
    grey = np.full((SIZE, SIZE), 128, np.uint8)
    noise = make_views(grey)[VIEWS.index("noise"), 0].astype(float) - 128
    assert noise.std() == pytest.approx(NOISE_SD, rel=0.05)
    assert abs(noise.mean()) < 0.2


def test_blur_is_the_gaussian_of_its_taps() -> None:
    point = np.zeros((SIZE, SIZE), np.uint8)
    point[40, 50] = 255
    taps = cv2.getGaussianKernel(5, 0)[:, 0]
    blurred = make_views(point)[VIEWS.index("blur"), 0]
    np.testing.assert_allclose(blurred[38:43, 48:53], 255 * np.outer(taps, taps), atol=1.0)


def test_clahe_raises_local_contrast() -> None:
    made = views()
    assert made["clahe"][35:55, 25:34].std() > made["plain"][35:55, 25:34].std()


def test_equal_bytes_in_equal_bytes_out() -> None:
    one, other = (make_views(plain_view(slice_hu(), CROP)) for _ in range(2))
    assert one.tobytes() == other.tobytes()
    changed = plain_view(slice_hu(), CROP).copy()
    changed[0, 0] += 1
    assert (make_views(changed)[VIEWS.index("noise")] != one[VIEWS.index("noise")]).mean() > 0.5


def test_window_in_closed_form() -> None:
    hu = np.linspace(-1000, 1000, 256 * 256).round().astype(np.int16).reshape(256, 256)
    view = plain_view(hu, Crop(0, 256, 0, 256, 256))
    low, high = np.percentile(hu, (2, 98))
    np.testing.assert_allclose(view, np.clip((hu - low) / (high - low), 0, 1) * 255, atol=0.51)


@settings(deadline=None)
@given(
    array_shapes(min_dims=2, max_dims=2, max_side=60).flatmap(
        lambda shape: st.one_of(
            arrays(np.int16, shape, elements=st.integers(-1024, 3071)),
            arrays(np.uint8, shape),
        )
    )
)
def test_percentiles_are_numpys_to_the_bit(values: np.ndarray) -> None:
    assert _percentiles(values).tobytes() == np.percentile(values, PERCENTILES).tobytes()


@settings(deadline=None, max_examples=25)
@given(arrays(np.int16, (40, 40), elements=st.integers(-1024, 3071)), st.integers(-500, 500))
def test_an_offset_of_the_scanner_changes_nothing(hu: np.ndarray, offset: int) -> None:
    crop = Crop(0, 40, 0, 40, 40)
    difference = plain_view(hu, crop).astype(int) - plain_view(hu + np.int16(offset), crop)
    assert np.abs(difference).max() <= 1


def test_a_slice_of_little_contrast_is_not_stretched_to_the_full_range() -> None:
    hu = np.full((64, 64), 40, np.int16)
    hu[::2] += 10
    assert np.ptp(plain_view(hu, Crop(0, 64, 0, 64, 64)).astype(int)) == pytest.approx(255 * 10 / 200, abs=1)


def test_slices_of_8_bit_get_equal_views() -> None:
    hu = slice_hu()
    grey = np.clip(np.rint((hu + 1350.0) / 1800 * 255), 0, 255).astype(np.uint8)
    one, other = plain_view(hu, CROP).astype(int), plain_view_of_grey(grey, CROP)
    assert np.abs(one - other).mean() < 3


def test_mask_lies_on_the_view() -> None:
    mask = np.zeros((256, 256), np.bool_)
    mask[64:128, 128:192] = True
    small = view_mask(mask, Crop(0, 256, 0, 256, 64))
    expected = np.zeros((1, 64, 64), np.uint8)
    expected[0, 16:32, 32:48] = 1
    np.testing.assert_array_equal(small, expected)


def test_write_pictures_for_visual_inspection(out_dir: Path) -> None:
    prepared = prepared_phantom(image_size=160)
    some = prepared.views[4:12, 0]
    rows = [np.hstack([make_views(plain)[view, 0] for plain in some]) for view in range(len(VIEWS))]
    cv2.imwrite(str(out_dir / "views.png"), np.vstack([*rows, np.hstack(list(prepared.lung_masks[4:12, 0] * 255))]))
    assert prepared.views.shape == (len(prepared.slice_indices), 1, 160, 160)
