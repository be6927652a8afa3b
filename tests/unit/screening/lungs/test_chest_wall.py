import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screening.lungs.chest_wall import wall_gaps

NOTHING = np.zeros((60, 50), np.bool_)


def box(row0: int, row1: int, column0: int, column1: int) -> np.ndarray:
    mask = NOTHING.copy()
    mask[row0:row1, column0:column1] = True
    return mask


LUNG = box(10, 30, 5, 25)


@given(st.integers(1, 25), st.integers(1, 20), st.floats(0.5, 4.0), st.floats(0.5, 4.0))
def test_gaps_are_the_distances_to_the_bone(behind: int, beside: int, row_mm: float, column_mm: float) -> None:
    bone = box(29 + behind, 31 + behind, 0, 50) | box(0, 60, 24 + beside, 26 + beside)
    bone[:30, :25] = False
    gaps = wall_gaps(LUNG, bone, (row_mm, column_mm))
    assert gaps.behind_mm == pytest.approx(behind * row_mm)
    assert gaps.beside_mm == pytest.approx(beside * column_mm)


def test_without_bone_there_is_no_gap() -> None:
    assert wall_gaps(LUNG, NOTHING, (1.0, 1.0)).behind_mm is None
    assert wall_gaps(NOTHING, LUNG, (1.0, 1.0)).beside_mm is None


def test_bone_in_front_of_the_lung_and_beside_the_spine_does_not_count() -> None:
    bone = box(0, 5, 0, 50) | box(31, 40, 5, 9)
    assert wall_gaps(LUNG, bone, (1.0, 1.0)).behind_mm is None


def test_one_rib_behind_a_part_of_the_lung_is_enough() -> None:
    assert wall_gaps(LUNG, box(32, 34, 12, 16), (1.0, 1.0)).behind_mm == 3.0
