"""A mass of 40 mm is found wherever it lies in the lungs, in a chest, a neck-to-abdomen and a whole-body stack alike.

A ball of soft tissue is painted into the lungs of a real normal study, whose verdict without it is normal.
"""

import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import UID, ExplicitVRLittleEndian
from scipy import ndimage

from screening.lungs.lung_mask import lung_mask
from tests.integration.gateway.running_gateway import RunningGateway

STEP = 3  # of slices 2 mm apart
RADIUS_MM = 20.0
AIR, TISSUE = 0, 1064  # stored values; HU = stored - 1024

Values = NDArray[np.int32]
Slices = list[tuple[Dataset, Values]]


@pytest.fixture(scope="module")
def chest(real_data: Path) -> Slices:
    """Header and stored values (256 x 256) of every third slice, from the feet."""
    slices = sorted(
        (pydicom.dcmread(path) for path in (real_data / "dicom" / "normal001").glob("*.dcm")),
        key=lambda one: float(one.ImagePositionPatient[2]),
    )[::STEP]
    return [_halved(one) for one in slices]


def _halved(one: Dataset) -> tuple[Dataset, Values]:
    values = np.rint(one.pixel_array.reshape(256, 2, 256, 2).mean(axis=(1, 3))).astype(np.int32)
    return _header(one), values


def _header(one: Dataset) -> Dataset:
    spacing = float(one.PixelSpacing[0])
    one.PixelSpacing = [2 * spacing, 2 * spacing]
    x, y, z = (float(part) for part in one.ImagePositionPatient)
    one.ImagePositionPatient = [x + spacing / 2, y + spacing / 2, z]
    one.Rows = one.Columns = 256
    one.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return one


def zipped(slices: Slices, path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for number, (one, values) in enumerate(slices):
            one.PixelData = np.rint(values).astype("<u2").tobytes()
            one["PixelData"].VR = "OW"
            one["PixelData"].is_undefined_length = False
            one.SOPInstanceUID = one.file_meta.MediaStorageSOPInstanceUID = UID(f"2.25.41.{number}")
            buffer = BytesIO()
            one.save_as(buffer)
            archive.writestr(f"{number:04}.dcm", buffer.getvalue())
    return path


def with_mass(slices: Slices, share: float, right: bool) -> Slices:
    """A ball in the middle of one lung, at a share of the lungs' height."""
    spacing = float(slices[0][0].PixelSpacing[0])
    masks = [lung_mask((values - 1024).astype(np.int16), (spacing, spacing)) for _, values in slices]
    shown = [number for number, mask in enumerate(masks) if _largest(mask, right).sum() * spacing**2 > 2000.0]
    middle = shown[round(share * (len(shown) - 1))]
    row, column = ndimage.center_of_mass(_largest(masks[middle], right))
    z = float(slices[middle][0].ImagePositionPatient[2])
    rows, columns = np.mgrid[:256, :256]
    noise = np.random.default_rng(middle).integers(-20, 21, (256, 256))
    painted = []
    for one, values in slices:
        height = float(one.ImagePositionPatient[2]) - z
        inside = ((rows - row) ** 2 + (columns - column) ** 2) * spacing**2 + height**2 < RADIUS_MM**2
        painted.append((one, np.where(inside & (values < 1000), TISSUE + noise, values)))
    return painted


def _largest(mask: NDArray[np.bool_], right: bool) -> NDArray[np.bool_]:
    side = mask.copy()
    side[:, 128:] &= not right
    side[:, :128] &= right
    labels, count = ndimage.label(side)
    return labels == 1 + int(np.argmax(ndimage.sum(side, labels, range(1, count + 1)))) if count else side


def alone(slices: Slices) -> Slices:
    return slices


def neck_to_abdomen(slices: Slices) -> Slices:
    return _longer(slices, 240.0, 120.0)


def whole_body(slices: Slices) -> Slices:
    return _longer(slices, 900.0, 300.0)


def _longer(slices: Slices, below_mm: float, above_mm: float) -> Slices:
    """The lowest slice without the air inside it, again and again below; a cylinder of soft tissue above."""
    belly = slices[0][1].copy()
    inside = np.zeros((256, 256), bool)
    inside[60:196, 40:216] = True
    belly[inside & (belly < 900)] = TISSUE
    rows, columns = np.mgrid[:256, :256]
    neck = np.where((rows - 128) ** 2 + (columns - 128) ** 2 < 50**2, TISSUE, AIR)
    step = 2.0 * STEP
    low = [_moved(slices[0][0], belly, -step * (number + 1)) for number in range(round(below_mm / step))]
    high = [_moved(slices[-1][0], neck, step * (number + 1)) for number in range(round(above_mm / step))]
    return [*low, *slices, *high]


def _moved(one: Dataset, values: Values, mm: float) -> tuple[Dataset, Values]:
    other = pydicom.dcmread(BytesIO(_bytes(one)))
    x, y, z = (float(part) for part in one.ImagePositionPatient)
    other.ImagePositionPatient = [x, y, z + mm]
    noise = np.random.default_rng(round(abs(mm))).integers(-15, 16, values.shape)
    return other, np.clip(values + noise, 0, 4095)


def _bytes(one: Dataset) -> bytes:
    buffer = BytesIO()
    one.save_as(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize("stack", [alone, neck_to_abdomen, whole_body], ids=lambda stack: stack.__name__)
def test_the_patient_without_a_mass_is_normal(
    gateway: RunningGateway,
    chest: Slices,
    tmp_path: Path,
    stack: Callable[..., Slices],
) -> None:
    assert gateway.predict(zipped(stack(chest), tmp_path / "study.zip")).json()["verdict"] == "normal"


@pytest.mark.parametrize("right", [True, False], ids=["right", "left"])
@pytest.mark.parametrize("share", [0.15, 0.4, 0.65, 0.9])
def test_a_mass_of_40_mm_is_found(
    gateway: RunningGateway, chest: Slices, tmp_path: Path, share: float, right: bool
) -> None:
    painted = with_mass(chest, share, right)
    stack = (alone, neck_to_abdomen, whole_body)[round(10 * share + right) % 3]
    row = gateway.predict(zipped(stack(painted), tmp_path / "study.zip")).json()
    assert row["verdict"] == "pathology", row
