import csv
import random
from pathlib import Path

import cv2
import numpy as np
import pytest

from screening.dicom.headers import read_headers
from screening.intake.upload import Budgets, open_upload
from screening.lungs.lung_mask import lung_mask, lung_mask_of_grey
from screening.phantom.phantom_anatomy import HEIGHT_MM, Chest
from screening.series.series_choice import ranked
from screening.series.studies import Study, studies_of
from tests.unit.screening.contact_sheet import sheet

CHEST = Chest(0, nodule=True, effusion=False)
MIDDLE_MM = 0.5 * HEIGHT_MM


def body(size: int = 256) -> np.ndarray:
    """An ellipse of soft tissue in air."""
    hu = np.full((size, size), -1000, np.int16)
    cv2.ellipse(hu, (size // 2, size // 2), (size * 4 // 10, size * 3 // 10), 0, 0, 360, 40, cv2.FILLED)
    return hu


def with_part(hu: np.ndarray, centre: tuple[int, int], radius: int, value: int) -> np.ndarray:
    return cv2.circle(hu.copy(), centre, radius, value, cv2.FILLED)


def test_two_lungs_of_a_chest_without_its_trachea_or_table() -> None:
    mask = lung_mask(CHEST.hu(0.7 * HEIGHT_MM, 512), (400 / 512, 400 / 512))
    count, _, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    assert count - 1 == 2
    assert stats[1:, cv2.CC_STAT_AREA].min() > 0.7 * stats[1:, cv2.CC_STAT_AREA].max()
    assert not mask[256 + 13, 256]  # the trachea, 10 mm behind the middle
    assert not mask[400:].any()  # the table, whose foam has the HU of lung


@pytest.mark.parametrize("size", [128, 192, 256, 512])
def test_area_does_not_depend_on_the_matrix(size: int) -> None:
    areas = [lung_mask(CHEST.hu(MIDDLE_MM, n), (400 / n, 400 / n)).mean() for n in (size, 512)]
    assert areas[0] == pytest.approx(areas[1], rel=0.06)


def test_a_nodule_and_vessels_belong_to_the_lung() -> None:
    chest = Chest(0, nodule=True, effusion=False)
    row, column = 256 + round(18 * 512 / 400), 256 - round(78 * 512 / 400)
    hu = chest.hu(0.6 * HEIGHT_MM, 512)
    assert hu[row, column] > -100
    assert lung_mask(hu, (400 / 512, 400 / 512))[row, column]


@pytest.mark.parametrize(
    "hu",
    [
        np.full((256, 256), -1000, np.int16),
        np.full((256, 256), 40, np.int16),
        body(),
        with_part(body(), (128, 128), 20, -1000),
        with_part(body(), (128, 128), 3, -850),
    ],
    ids=["air", "tissue", "body", "bowel gas", "bubble"],
)
def test_what_is_no_lung(hu: np.ndarray) -> None:
    assert not lung_mask(hu, (1.0, 1.0)).any()


def test_a_lung_may_touch_the_edge_of_the_field() -> None:
    hu = np.full((200, 300), 40, np.int16)
    hu[40:150, :90] = -850
    hu[40:150, 180:260] = -850
    assert lung_mask(hu, (1.0, 1.0))[100, 0]


def test_pixels_need_not_be_square() -> None:
    hu = CHEST.hu(MIDDLE_MM, 512)
    squeezed = lung_mask(np.ascontiguousarray(hu[::2]), (800 / 512, 400 / 512))
    assert squeezed.mean() == pytest.approx(lung_mask(hu, (400 / 512, 400 / 512)).mean(), rel=0.05)


def test_grey_slices_go_through_the_same_steps() -> None:
    hu = CHEST.hu(MIDDLE_MM, 384)
    grey = np.clip((hu + 1350.0) / 1500 * 255, 0, 255).astype(np.uint8)
    one, other = lung_mask(hu, (400 / 384, 400 / 384)), lung_mask_of_grey(grey)
    assert (one & other).sum() / (one | other).sum() > 0.9


@pytest.mark.parametrize("name", ["normal001", "cap001", "lung_dx_a0002"])
def test_real_studies(name: str, real_data: Path, out_dir: Path, tmp_path: Path) -> None:
    members = open_upload(real_data / "dicom" / name, tmp_path, Budgets())
    (study,) = studies_of(read_headers(members, Budgets()))
    assert isinstance(study, Study)
    volume = ranked(study).volumes[0]
    slices = [volume.hu(index) for index in np.linspace(0, len(volume) - 1, 20).round().astype(int)]
    masks = [lung_mask(hu, volume.geometry.spacing_mm[1:]) for hu in slices]
    sheet(out_dir / f"lungs_{name}.png", slices, masks)
    cm2 = volume.geometry.spacing_mm[1] * volume.geometry.spacing_mm[2] / 100
    middle = [mask.sum() * cm2 for mask in masks[8:13]]
    assert 120 < min(middle) < max(middle) < 350


@pytest.mark.parametrize("dataset", ["emphysema", "iq_oth_nccd", "normal_volumes", "sars_cov_2"])
def test_real_grey_slices(dataset: str, real_data: Path, out_dir: Path) -> None:
    with (real_data / "slices" / "manifest.csv").open() as file:
        paths = [row["path"] for row in csv.DictReader(file) if row["dataset"] == dataset]
    chosen = random.Random(7).sample(paths, 40)
    slices = [cv2.imread(str(real_data / "slices" / path), cv2.IMREAD_GRAYSCALE) for path in chosen]
    masks = [lung_mask_of_grey(np.asarray(grey, np.uint8)) for grey in slices]
    sheet(out_dir / f"lungs_{dataset}.png", [np.asarray(grey) for grey in slices], masks)
    assert sum(mask.mean() > 0.02 for mask in masks) >= 34  # some lie below the lungs
