from collections.abc import Callable

import numpy as np
import pytest

from screening.dicom.geometry import Geometry
from screening.errors import NoLung
from screening.lungs.lung_extent import SAMPLES, box_of, find_lungs
from screening.phantom.phantom_anatomy import FIELD_MM, HEIGHT_MM, Chest

SIZE = 128


class Drawn:
    """A volume whose slices are drawn on request and counted."""

    def __init__(self, draw: Callable[[float], np.ndarray], slices: int, height_mm: float = HEIGHT_MM) -> None:
        pixel_mm = FIELD_MM / SIZE
        self.step_mm = height_mm / slices
        affine = np.diag([pixel_mm, pixel_mm, self.step_mm, 1.0])
        self.geometry = Geometry((slices, SIZE, SIZE), affine, (self.step_mm, pixel_mm, pixel_mm))
        self.draw, self.asked = draw, list[int]()

    def __len__(self) -> int:
        return self.geometry.shape[0]

    def hu(self, index: int) -> np.ndarray:
        self.asked.append(index)
        return self.draw((index + 0.5) * self.step_mm)


def chest(z_mm: float) -> np.ndarray:
    return Chest(0, nodule=False, effusion=False).hu(z_mm, SIZE)


def test_range_and_box_of_a_chest() -> None:
    lungs = find_lungs(Drawn(chest, 64))
    assert 3 <= lungs.first <= 10
    assert 54 <= lungs.last <= 61
    row0, row1, column0, column1 = lungs.box
    assert 30 <= row0 < row1 <= 100
    assert 12 <= column0 < SIZE // 2 < column1 <= 116


@pytest.mark.parametrize("slices", [12, 40, 600])
def test_only_a_coarse_sample_is_decoded(slices: int) -> None:
    volume = Drawn(chest, slices)
    find_lungs(volume)
    assert len(volume.asked) == len(set(volume.asked)) <= SAMPLES


def test_air_inside_a_head_is_no_lung() -> None:
    def head(z_mm: float) -> np.ndarray:
        hu = np.full((SIZE, SIZE), -1000, np.int16)
        rows, columns = np.ogrid[:SIZE, :SIZE]
        pixel_mm = FIELD_MM / SIZE
        y, x = (rows - SIZE / 2) * pixel_mm, (columns - SIZE / 2) * pixel_mm
        hu[(x / 75) ** 2 + (y / 95) ** 2 < 1] = 40
        if 60 < z_mm < 110:  # maxillary sinuses, and mastoid cells of lung's HU
            for side in (-1, 1):
                hu[((x - side * 25) / 16) ** 2 + ((y + 50) / 18) ** 2 < 1] = -1000
                hu[((x - side * 55) / 13) ** 2 + ((y - 30) / 15) ** 2 < 1] = -700
        return hu

    with pytest.raises(NoLung):
        find_lungs(Drawn(head, 40, height_mm=240))


def test_an_abdomen_that_shows_the_lungs_bases_is_no_chest() -> None:
    with pytest.raises(NoLung):
        find_lungs(Drawn(lambda z_mm: chest(max(0.0, z_mm - 235.0)), 60))


@pytest.mark.parametrize("hu", [-1024, -850, 0, 3000])
def test_a_uniform_volume_has_no_lung(hu: int) -> None:
    with pytest.raises(NoLung):
        find_lungs(Drawn(lambda _: np.full((SIZE, SIZE), hu, np.int16), 20))


def test_box_is_tight_and_margins_stay_in_the_slice() -> None:
    mask = np.zeros((10, 12), np.bool_)
    mask[3:5, 7:12] = True
    assert box_of([mask]) == (3, 5, 7, 12)
    assert box_of([mask, np.zeros_like(mask)], margins=(2, 3)) == (1, 7, 4, 12)
