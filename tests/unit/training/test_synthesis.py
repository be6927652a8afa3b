"""Painted lesions are visible and inside the lungs; neutral changes are small; shapes against closed forms."""

import math
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from screening.contract import FINDINGS
from screening.lungs.lung_mask import lung_mask_of_grey
from tests.unit.training.tiny_networks import drawn_slice
from training.synthesis import (
    KINDS_OF_FINDING,
    LesionKind,
    lesion_painting,
    unchanged,
    with_lesion,
    with_lesion_of,
    with_neutral_change,
)
from training.synthesis.lesion_kinds import DENSE, LUCENT
from training.synthesis.lung_context import LungContext, TooLittleLung
from training.synthesis.shapes import blob, discs, smooth_noise

Bytes = NDArray[np.uint8]


@pytest.fixture(scope="module")
def slice_and_mask() -> tuple[Bytes, Bytes]:
    slice_ = drawn_slice(np.random.default_rng(5), pathological=False, side=160)
    return slice_, lung_mask_of_grey(slice_).astype(np.uint8)


def test_measurements_of_a_drawn_slice(slice_and_mask: tuple[Bytes, Bytes]) -> None:
    lungs = LungContext.of(*slice_and_mask)
    assert lungs.lung == pytest.approx(40, abs=2)
    assert lungs.soft == pytest.approx(210, abs=4)
    assert lungs.air < lungs.lung < lungs.soft
    assert lungs.lung_radius == pytest.approx(math.sqrt(slice_and_mask[1].sum() / 2 / math.pi))
    assert lungs.grey_between(0.5) == pytest.approx((lungs.lung + lungs.soft) / 2)


@pytest.mark.parametrize("seed", range(40))
def test_a_lesion_is_visible_and_inside_the_lungs(seed: int, slice_and_mask: tuple[Bytes, Bytes]) -> None:
    slice_, mask = slice_and_mask
    grey = lesion_painting._painted(LungContext.of(slice_, mask), np.random.default_rng(seed))
    change = np.abs(grey - slice_)
    far = ~(mask > 0)
    far[3:-3, 3:-3] &= ~_grown(mask > 0, 4)[3:-3, 3:-3]
    assert change[far].max() < 1.0
    painted = with_lesion(slice_, mask, np.random.default_rng(seed))
    assert painted.dtype == np.uint8
    assert np.abs(painted.astype(int) - slice_).sum() > 500


@pytest.mark.parametrize("kind", DENSE)
def test_dense_lesions_are_brighter_than_lung(kind: LesionKind, slice_and_mask: tuple[Bytes, Bytes]) -> None:
    lungs = LungContext.of(*slice_and_mask)
    for seed in range(5):
        ((cover, level),) = kind.paint(lungs, np.random.default_rng(seed))
        assert cover.shape == lungs.view.shape
        assert 0.0 <= cover.min() <= cover.max() <= 1.0 + 1e-5
        assert level > lungs.lung


@pytest.mark.parametrize("kind", LUCENT)
def test_lucent_lesions_are_between_air_and_soft_tissue(kind: LesionKind, slice_and_mask: tuple[Bytes, Bytes]) -> None:
    lungs = LungContext.of(*slice_and_mask)
    for seed in range(5):
        for cover, level in kind.paint(lungs, np.random.default_rng(seed)):
            assert 0.0 <= cover.min() <= cover.max() <= 1.0 + 1e-5
            assert lungs.air <= level <= lungs.soft


def test_equal_seeds_paint_equal_lesions(slice_and_mask: tuple[Bytes, Bytes]) -> None:
    first, second = (with_lesion(*slice_and_mask, np.random.default_rng(9)) for _ in range(2))
    assert np.array_equal(first, second)


def test_without_lung_no_lesion_is_painted(slice_and_mask: tuple[Bytes, Bytes]) -> None:
    slice_, mask = slice_and_mask
    with pytest.raises(TooLittleLung):
        with_lesion(slice_, np.zeros_like(mask), np.random.default_rng(0))
    assert np.array_equal(with_neutral_change(slice_, np.zeros_like(mask), np.random.default_rng(0)), slice_)
    assert np.array_equal(unchanged(slice_, mask, np.random.default_rng(0)), slice_)


def test_a_neutral_change_is_small(slice_and_mask: tuple[Bytes, Bytes]) -> None:
    slice_, mask = slice_and_mask
    changed = [with_neutral_change(slice_, mask, np.random.default_rng(seed)) for seed in range(60)]
    differences = [float(np.abs(view.astype(int) - slice_).mean()) for view in changed]
    assert 0.3 < np.mean([difference > 0 for difference in differences]) < 0.7
    assert max(differences) < 12.0


def test_shares_of_lesions_add_up_to_one() -> None:
    for kinds in (DENSE, LUCENT):
        assert sum(kind.share for kind in kinds) == pytest.approx(1.0)


@pytest.mark.parametrize("kind", [*DENSE, *LUCENT])
def test_one_lesion_of_a_kind_is_marked_where_it_changes_the_view(
    kind: LesionKind, slice_and_mask: tuple[Bytes, Bytes]
) -> None:
    slice_, mask = slice_and_mask
    for seed in range(3):
        painted, changed = with_lesion_of(kind, slice_, mask, np.random.default_rng(seed))
        assert set(np.unique(changed)) == {0, 255}
        difference = np.abs(painted.astype(int) - slice_)
        assert difference[changed > 0].mean() > 4 * difference[changed == 0].mean()


def test_kinds_are_findings_of_the_contract() -> None:
    assert set(KINDS_OF_FINDING) <= set(FINDINGS)
    for name, kinds in KINDS_OF_FINDING.items():
        assert kinds
        assert all(name in kind.findings for kind in kinds)


def test_emphysema_is_not_painted_where_lung_is_as_dark_as_air(slice_and_mask: tuple[Bytes, Bytes]) -> None:
    slice_, mask = slice_and_mask
    dark = np.where(mask > 0, 0, slice_).astype(np.uint8)
    with pytest.raises(TooLittleLung):
        with_lesion_of(KINDS_OF_FINDING["Emphysema"][0], dark, mask, np.random.default_rng(0))


def test_a_blob_equals_a_slow_twin_and_its_area() -> None:
    random = np.random.default_rng(4)
    found = blob(64, (30.0, 33.0), 12.0, 0.0, random, edge=2.0)
    stretch = math.exp(np.random.default_rng(4).uniform(-0.3, 0.3))
    for row in range(64):
        for column in range(64):
            distance = math.hypot((row - 30.0) * stretch, (column - 33.0) / stretch)
            assert found[row, column] == pytest.approx(min(1.0, max(0.0, (12.0 - distance) / 2 + 0.5)), abs=1e-4)
    assert found.sum() == pytest.approx(math.pi * 12.0**2, rel=0.02)


def test_discs_cover_their_area_and_rings_only_their_rim() -> None:
    whole, ring = (discs(64, [(32.0, 32.0)], np.array([10.0]), rim) for rim in (0.0, 1.0))
    assert whole.sum() == pytest.approx(math.pi * 10.5**2, rel=0.02)  # OpenCV draws pixels of the rim whole
    assert ring[32, 32] == 0.0
    assert ring[32, 42] > 0.5


def test_noise_has_mean_0_deviation_1_and_its_width() -> None:
    fine, coarse = (smooth_noise(128, noise_sd, np.random.default_rng(1)) for noise_sd in (2.0, 16.0))
    for noise in (fine, coarse):
        assert noise.mean() == pytest.approx(0.0, abs=1e-5)
        assert noise.std() == pytest.approx(1.0, abs=1e-3)
    assert np.abs(np.diff(coarse)).mean() < np.abs(np.diff(fine)).mean() / 3


def test_a_sheet_to_look_at(real_data: Path, out_dir: Path) -> None:
    """Normal published slices above, eight rows of what is painted into them below."""
    random = np.random.default_rng(0)
    paths = sorted((real_data / "slices" / "iq_oth_nccd").glob("iq_normal_*.jpg"))[::41]
    read = [cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) for path in paths]
    slices = [cv2.resize(slice_, (160, 160)).astype(np.uint8) for slice_ in read if slice_ is not None]
    masks = [lung_mask_of_grey(slice_).astype(np.uint8) for slice_ in slices]
    painted = [
        np.hstack([with_lesion(slice_, mask, random) for slice_, mask in zip(slices, masks, strict=True)])
        for _ in range(8)
    ]
    cv2.imwrite(str(out_dir / "lesions.png"), np.vstack([np.hstack(slices), *painted]))
    assert all((np.hstack(slices) != row).any() for row in painted)


def _grown(mask: NDArray[np.bool_], steps: int) -> NDArray[np.bool_]:
    for _ in range(steps):
        mask = mask | np.roll(mask, 1, 0) | np.roll(mask, -1, 0) | np.roll(mask, 1, 1) | np.roll(mask, -1, 1)
    return mask
