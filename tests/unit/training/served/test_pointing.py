"""The pointing game against closed forms."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screening.results.expert_opinion import ExpertOpinion
from screening.results.fusion import NOT_AUGMENTED, fuse
from screening.results.verdict import Verdict
from tests.unit.screening.studies import RULES, outputs_of, prepared_phantom
from training.served.pointing import pointing, slices_auc
from training.served.served_study import ServedStudy

CELLS = 8


def served_with(peaks: dict[int, tuple[int, int]]) -> ServedStudy:
    """The phantom with a peak in these cells of these views, the later the higher."""
    prepared = prepared_phantom()
    activation = np.full((len(prepared.views), CELLS, CELLS), -12.0, np.float32)
    for height, (number, cell) in enumerate(peaks.items()):
        activation[number][cell] = height
    outputs = outputs_of(len(prepared.views), activation=activation, logits=activation.max(axis=(1, 2)))
    fusion = fuse(outputs, NOT_AUGMENTED, prepared.lung_shares, prepared.extents_mm, RULES)
    return ServedStudy(prepared, outputs, fusion, outputs.logits.astype(float), 0.5, Verdict.PATHOLOGY)


def lesion_in(served: ServedStudy, number: int, cell: tuple[int, int]) -> np.ndarray:
    """A lesion in the middle of a cell of a view."""
    prepared = served.prepared
    side = prepared.crop.size / CELLS
    row, column = prepared.crop.to_slice((cell[0] + 0.5) * side, (cell[1] + 0.5) * side)
    lesion = np.zeros(prepared.geometry.shape, np.bool_)
    lesion[prepared.slice_indices[number], round(row) - 1 : round(row) + 2, round(column) - 1 : round(column) + 2] = (
        True
    )
    return lesion


@given(st.integers(0, CELLS - 1), st.integers(0, CELLS - 1), st.integers(0, CELLS - 1), st.integers(0, CELLS - 1))
def test_a_hit_is_a_peak_on_the_lesion(row: int, column: int, peak_row: int, peak_column: int) -> None:
    served = served_with({3: (peak_row, peak_column)})
    lesion = lesion_in(served, 3, (row, column))
    found = pointing(served, lesion)
    if lesion.any():
        near = max(abs(row - peak_row), abs(column - peak_column))
        assert found.in_view
        if near == 0:
            assert found.hit
        if near > 1:
            assert not found.hit
        assert found.slice_hits == (found.hit,)
        assert 0.0 <= found.chance <= 1.0


def test_a_peak_in_another_slice_is_a_miss_of_the_study_and_no_miss_of_the_slice() -> None:
    served = served_with({3: (4, 2), 5: (4, 2)})
    found = pointing(served, lesion_in(served, 3, (4, 2)))
    assert not found.hit
    assert found.slice_hits == (True,)


def test_a_lesion_between_the_views_is_in_none() -> None:
    served = served_with({3: (4, 2)})
    between = next(
        index for index in range(served.prepared.geometry.shape[0]) if index not in served.prepared.slice_indices
    )
    lesion = np.zeros(served.prepared.geometry.shape, np.bool_)
    lesion[between] = True
    found = pointing(served, lesion)
    assert (found.in_view, found.hit, found.slice_hits, found.chance) == (False, False, (), 0.0)


def test_chance_is_the_share_of_the_lungs_that_is_lesion() -> None:
    served = served_with({3: (4, 2)})
    everywhere = np.ones(served.prepared.geometry.shape, np.bool_)
    assert pointing(served, everywhere).chance == pytest.approx(1.0)
    assert pointing(served, everywhere).hit


def test_slices_with_the_lesion_are_told_from_the_others() -> None:
    served = served_with({3: (4, 2)})
    assert slices_auc(served, lesion_in(served, 3, (4, 2))) == 1.0
    assert slices_auc(served, np.ones(served.prepared.geometry.shape, np.bool_)) is None
    lowest = replace(served, slice_logits=-served.slice_logits)
    assert slices_auc(lowest, lesion_in(served, 3, (4, 2))) == 0.0


@pytest.mark.parametrize(("off_mm", "hit"), [(0.0, True), (1.5, True), (30.0, False)])
def test_where_the_3d_expert_decided_its_place_is_what_points(off_mm: float, hit: bool) -> None:
    served = served_with({3: (4, 4)})
    lesion = np.zeros(served.prepared.geometry.shape, np.bool_)
    lesion[4, 20:22, 40:42] = True
    at = (served.prepared.geometry.affine_lps @ (41.0, 21.0, 4.0, 1.0))[:3]
    opinion = ExpertOpinion(0.999999, 4, (float(at[0] + off_mm), float(at[1]), float(at[2])))
    by_expert = replace(served, fusion=served.fusion.with_expert(opinion, served.prepared.slice_indices))
    assert by_expert.fusion.by_expert
    assert pointing(by_expert, lesion).hit is hit
    np.testing.assert_allclose(served.prepared.geometry.voxel_at(tuple(at)), (4.0, 21.0, 41.0), atol=1e-6)
