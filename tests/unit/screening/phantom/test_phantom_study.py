from pathlib import Path

import cv2
import numpy as np
import pytest
from pydicom import dcmread
from pydicom.uid import ExplicitVRLittleEndian, JPEG2000Lossless, RLELossless

from screening.lungs.lung_mask import lung_mask
from screening.phantom.phantom_anatomy import HEIGHT_MM, Chest
from screening.phantom.phantom_study import INTERCEPT_HU, write_phantom
from tests.unit.screening.contact_sheet import sheet

SIZE = 256
SPACING_MM = (400 / SIZE, 400 / SIZE)


def slice_of(chest: Chest, height: float) -> np.ndarray:
    return chest.hu(height * HEIGHT_MM, SIZE)


def test_the_same_arguments_give_the_same_bytes(tmp_path: Path) -> None:
    one, other = (write_phantom(tmp_path / name, slices=4, size=64).read_bytes() for name in ("one.zip", "other.zip"))
    assert one == other


def test_another_seed_is_another_study(tmp_path: Path) -> None:
    folders = [write_phantom(tmp_path / str(seed), slices=4, size=64, seed=seed) for seed in (0, 1)]
    first, second = (dcmread(folder / "0001.dcm") for folder in folders)
    assert first.StudyInstanceUID != second.StudyInstanceUID
    assert first.PixelData != second.PixelData


def test_heart_is_on_the_patients_left_and_liver_on_the_right() -> None:
    half = SIZE // 2  # columns run to the patient's left
    heart, liver = (lung_mask(slice_of(Chest(0, nodule=False, effusion=False), z), SPACING_MM) for z in (0.39, 0.17))
    assert heart[:, half:].sum() < 0.87 * heart[:, :half].sum()
    assert liver[:, :half].sum() < 0.8 * liver[:, half:].sum()


def test_nodule_and_effusion_lie_where_they_should() -> None:
    plain, nodule, effusion = (
        slice_of(Chest(0, nodule, effusion), 0.55 if effusion else 0.6).astype(int)
        for nodule, effusion in ((False, False), (True, False), (False, True))
    )
    rows, columns = np.nonzero(nodule - plain > 300)
    assert len(rows) > 20
    assert columns.max() < SIZE // 2  # the right lung
    low = slice_of(Chest(0, nodule=False, effusion=False), 0.2)
    rows, columns = np.nonzero(slice_of(Chest(0, nodule=False, effusion=True), 0.2).astype(int) - low > 300)
    assert rows.min() > SIZE // 2  # behind
    assert columns.min() > SIZE // 2  # the left lung
    assert effusion.shape == plain.shape


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, RLELossless])
def test_every_transfer_syntax_holds_the_same_hu(tmp_path: Path, syntax: str) -> None:
    folder = write_phantom(tmp_path / "study", slices=4, size=64, transfer_syntax=syntax)
    slices = [dcmread(path) for path in sorted(folder.iterdir())]
    hu = np.stack([one.pixel_array.astype(int) + INTERCEPT_HU for one in slices])
    chest = Chest(0, nodule=True, effusion=False)
    assert all(one.file_meta.TransferSyntaxUID == syntax for one in slices)
    np.testing.assert_array_equal(hu, [chest.hu((index + 0.5) * HEIGHT_MM / 4, 64) for index in range(4)])


def test_a_syntax_that_it_cannot_write_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JPEG 2000"):
        write_phantom(tmp_path / "study", slices=1, size=32, transfer_syntax=JPEG2000Lossless)


def test_every_header_says_that_it_is_synthetic(tmp_path: Path) -> None:
    for path in write_phantom(tmp_path / "study", slices=4, size=32).iterdir():
        header = dcmread(path)
        assert "SYNTHETIC" in header.SeriesDescription
        assert header.PatientName == "Phantom^Synthetic"


def test_write_a_picture_for_visual_inspection(out_dir: Path) -> None:
    chest = Chest(1, nodule=True, effusion=True)
    slices = [slice_of(chest, height) for height in np.linspace(0.02, 0.98, 20)]
    masks = [lung_mask(hu, SPACING_MM) for hu in slices]
    sheet(out_dir / "phantom.png", slices, masks)
    assert sum(mask.any() for mask in masks) >= 15


@pytest.mark.parametrize("seed", [0, 7, 4711])
def test_the_lungs_have_the_densities_of_healthy_lungs(seed: int) -> None:
    """Ranges around those of the real normal study in docs/adr/0024, which needs no data to be checked."""
    values = []
    for height in (0.4, 0.5, 0.65, 0.75):
        hu = Chest(seed, nodule=False, effusion=False).hu(height * HEIGHT_MM, 512)
        mask = lung_mask(hu, (400 / 512, 400 / 512)).astype(np.uint8)
        values.append(hu[cv2.erode(mask, np.ones((15, 15), np.uint8)) > 0])
    lung = np.concatenate(values)
    assert -875 < np.median(lung) < -835
    assert 0.02 < (lung > -500).mean() < 0.055  # vessels
    assert 0.06 < (lung > -750).mean() < 0.16
    assert 25 < np.subtract(*np.percentile(lung, (75, 25))) < 75


def test_only_the_tumour_differs_from_the_healthy_chest() -> None:
    healthy, ill = ([Chest(3, nodule, effusion=False).hu(z, SIZE) for z in (120, 180, 240)] for nodule in (False, True))
    low, tumour, high = (np.argwhere(one != other) for one, other in zip(healthy, ill, strict=True))
    assert not low.size
    assert not high.size
    assert np.ptp(tumour, axis=0).max() * SPACING_MM[0] < 70
