from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, RLELossless

from screening.phantom import INTERCEPT_HU, write_phantom
from screening.phantom_chest import AIR_HU, Chest, chest_hu


def test_the_same_arguments_give_the_same_bytes(tmp_path: Path) -> None:
    one, other = (write_phantom(tmp_path / name, slices=4, size=64).read_bytes() for name in ("one.zip", "other.zip"))
    assert one == other


def test_another_seed_is_another_study(tmp_path: Path) -> None:
    uids = {
        dcmread(write_phantom(tmp_path / str(seed), slices=4, size=64, chest=Chest(seed)) / "0001.dcm").StudyInstanceUID
        for seed in (0, 1)
    }
    assert len(uids) == 2


def test_heart_is_on_the_patients_left_and_liver_on_the_right() -> None:
    hu = chest_hu(Chest(nodule=False), slices=32, size=128)
    heart, dome = hu[11], hu[8]  # columns run to the patient's left
    lung = np.s_[60:100, 20:45]  # behind the heart, counted from the midline
    assert (heart[:, 64:] > 0).sum() > 1.2 * (heart[:, :64] > 0).sum()
    assert (dome[:, 64:] < -700)[lung].sum() > 2 * (dome[:, 63::-1] < -700)[lung].sum()


def test_nodule_and_effusion_are_where_they_are_said_to_be() -> None:
    empty, nodule, effusion = (
        chest_hu(Chest(nodule=n, effusion=e), slices=32, size=128).astype(int)
        for n, e in ((False, False), (True, False), (False, True))
    )
    for changed, left in ((nodule != empty, False), (effusion != empty, True)):
        columns = np.nonzero(changed)[2]
        assert columns.size
        assert (columns > 63.5).all() == left


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian, RLELossless])
def test_every_transfer_syntax_holds_the_same_hu(tmp_path: Path, syntax: str) -> None:
    folder = write_phantom(tmp_path / "study", slices=4, size=64, transfer_syntax=syntax)
    slices = [dcmread(path) for path in sorted(folder.iterdir())]
    hu = np.stack([one.pixel_array.astype(int) + INTERCEPT_HU for one in slices])
    assert all(one.file_meta.TransferSyntaxUID == syntax for one in slices)
    np.testing.assert_array_equal(hu, chest_hu(Chest(), slices=4, size=64))
    assert hu[:, 0, 0].max() < AIR_HU + 150


def test_every_header_says_that_it_is_synthetic(tmp_path: Path) -> None:
    for path in write_phantom(tmp_path / "study", slices=4, size=32).iterdir():
        header = dcmread(path)
        assert "SYNTHETIC" in header.SeriesDescription
        assert header.PatientName == "Phantom^Synthetic"
