"""Work on slices by several threads gives what one thread gives, its error included."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screening import over_slices as module
from screening.block_preparation import prepare_blocks
from screening.over_slices import over_slices
from screening.phantom.phantom_study import write_phantom
from screening.preparation import prepare
from tests.unit.screening.studies import SIZE, SLICES, VIEW_SPACING_MM, study_of


@given(st.lists(st.integers(-3, 3)))
def test_results_are_in_order_and_the_first_error_is_raised(numbers: list[int]) -> None:
    def tenth(number: int) -> float:
        return 10 / number

    if 0 in numbers:
        with pytest.raises(ZeroDivisionError):
            over_slices(tenth, numbers)
    else:
        assert over_slices(tenth, numbers) == [tenth(number) for number in numbers]


def test_a_study_is_prepared_alike_by_one_thread_and_by_several(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = study_of(write_phantom(tmp_path / "study.zip", slices=SLICES, size=SIZE), tmp_path)
    found = []
    for threads in (1, 4):
        monkeypatch.setattr(module, "THREADS", threads)
        prepared = prepare(study, 64, VIEW_SPACING_MM, grid_within_mm=10.0)
        found.append((prepared, prepare_blocks(study, prepared.chosen)))
    (one, blocks), (several, blocks_of_several) = found
    assert one.slice_indices == several.slice_indices
    assert one.coverage == several.coverage
    assert np.array_equal(one.views, several.views)
    assert np.array_equal(one.lung_masks, several.lung_masks)
    assert np.array_equal(blocks.blocks, blocks_of_several.blocks)
    assert set(several.timings_s) == {"decode", "lungs", "masks", "views"}
    assert all(seconds >= 0.0 for seconds in several.timings_s.values())
