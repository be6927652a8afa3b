import cv2
import numpy as np
import pytest

from screening.views.display_window import LUNG, PRESETS, Window, png


def linear(x: float, center: float, width: float) -> int:
    """PS3.3 C.11.2.1.2.1 for one value, written as in the standard."""
    if x <= center - 0.5 - (width - 1) / 2:
        return 0
    if x > center - 0.5 + (width - 1) / 2:
        return 255
    return round(((x - (center - 0.5)) / (width - 1) + 0.5) * 255)


@pytest.mark.parametrize("window", PRESETS.values(), ids=PRESETS)
def test_every_hu_is_as_the_standard_says(window: Window) -> None:
    hu = np.arange(-1100, 1500, 7, dtype=np.int16).reshape(1, -1)
    expected = [linear(float(x), window.center_hu, window.width_hu) for x in hu[0]]
    np.testing.assert_allclose(window.grey(hu)[0].astype(int), expected, atol=1)


@pytest.mark.parametrize("wrong", [(0, 1), (0, -5), (float("nan"), 100), (0, float("inf")), (1e308, 9), (0, 1e308)])
def test_a_window_without_a_width_is_refused(wrong: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="width"):
        Window(*wrong)


def test_a_png_gives_the_same_grey_back() -> None:
    grey = LUNG.grey(np.arange(-1024, 1024, dtype=np.int16).reshape(32, 64))
    read = cv2.imdecode(np.frombuffer(png(grey), np.uint8), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(read, grey)
    assert png(grey) == png(grey)
