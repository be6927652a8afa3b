"""Neutral changes: in the lungs and the picture of a scan only, of either sign, and none paints a lesion's size."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from screening.lungs.lung_mask import lung_mask_of_grey
from tests.unit.training.tiny_networks import drawn_slice
from training.synthesis import neutral_changes, with_neutral_change
from training.synthesis.lung_context import LungContext

SLICE = drawn_slice(np.random.default_rng(5), pathological=False, side=160)
MASK = lung_mask_of_grey(SLICE).astype(np.uint8)
LUNGS = LungContext.of(SLICE, MASK)
WHOLE_VIEW = (neutral_changes.streaks, neutral_changes.texture, neutral_changes.motion)

Kind = Callable[[LungContext, np.random.Generator], NDArray[np.float32]]


def test_shares_add_up_to_one() -> None:
    assert sum(share for _, share in neutral_changes.KINDS) == pytest.approx(1.0)


@pytest.mark.parametrize("kind", [kind for kind, _ in neutral_changes.KINDS])
def test_each_kind_changes_the_view_and_only_where_it_may(kind: Kind) -> None:
    near_lungs = cv2.dilate(MASK, np.ones((9, 9), np.uint8)) > 0
    changes = [kind(LUNGS, np.random.default_rng(seed)) - LUNGS.view for seed in range(12)]
    assert all(np.isfinite(change).all() for change in changes)
    assert sum(np.abs(change).sum() > 0 for change in changes) >= 10
    if kind not in WHOLE_VIEW:
        assert max(float(np.abs(change[~near_lungs]).max()) for change in changes) < 1.0
        assert min(float(change.min()) for change in changes) > -0.01  # denser, never more lucent


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_no_vessel_scar_or_fissure_is_as_thick_as_a_nodule(seed: int) -> None:
    """Opening by a disc of a 6 mm nodule's size leaves nothing but what was dense before."""
    random = np.random.default_rng(seed)
    kind = (neutral_changes.scars, neutral_changes.fissure, neutral_changes.vessels)[seed % 3]
    dense = ((kind(LUNGS, random) - LUNGS.view) > 0.5 * (LUNGS.soft - LUNGS.lung)).astype(np.uint8)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (7, 7))
    assert not cv2.morphologyEx(dense, cv2.MORPH_OPEN, disc).any()


def test_views_stay_bytes_and_equal_seeds_give_equal_views() -> None:
    for seed in range(20):
        first, second = (with_neutral_change(SLICE, MASK, np.random.default_rng(seed)) for _ in range(2))
        assert first.dtype == np.uint8
        assert np.array_equal(first, second)
