import numpy as np
import pytest

from screening.results.localisation import Localisation, localise
from tests.unit.screening.studies import card_of, eight_slices, fusion_of, outputs_of

CELLS = 16


def suspicious(errors: list[float], cells: dict[int, tuple[int, int]]) -> Localisation:
    """The box when only the reconstruction error is high, with one high cell in the map of each given slice."""
    maps = np.zeros((8, CELLS, CELLS), np.float32)
    for place, (row, column) in cells.items():
        maps[place, row, column] = 1.0
    outputs = outputs_of(reconstruction_error=np.array(errors, np.float32), error_map=maps)
    return localise(eight_slices(), outputs, fusion_of(outputs), card_of())


def test_one_cell_of_one_slice_in_closed_form() -> None:
    prepared = eight_slices()
    box = suspicious([0.5, 0.5, 1.4, 0.5, 0.5, 0.5, 0.5, 0.5], {2: (4, 11)})
    crop, side = prepared.crop, (prepared.crop.row1 - prepared.crop.row0) / CELLS
    index = prepared.slice_indices[2]
    assert box.z == (index, index)
    assert box.x[0] == pytest.approx(crop.column0 + 11 * side, abs=1)
    assert box.x[1] == pytest.approx(crop.column0 + 12 * side - 1, abs=1)
    assert box.y[0] == pytest.approx(crop.row0 + 4 * side, abs=1)
    assert box.y[1] == pytest.approx(crop.row0 + 5 * side - 1, abs=1)


def test_millimetres_are_those_of_the_voxels_faces() -> None:
    box = suspicious([0.5, 0.5, 1.4, 0.5, 0.5, 0.5, 0.5, 0.5], {2: (4, 11)})
    affine = eight_slices().geometry.affine_lps
    low = (affine @ (box.x[0] - 0.5, box.y[0] - 0.5, box.z[0] - 0.5, 1))[:3]
    high = (affine @ (box.x[1] + 0.5, box.y[1] + 0.5, box.z[1] + 0.5, 1))[:3]
    np.testing.assert_allclose(box.lps_mm, (low, high))
    assert low[0] > 0  # column 11 of 16 lies on the patient's left


def test_only_neighbours_of_the_key_slice_that_reach_the_operating_point_count() -> None:
    box = suspicious([1.3, 0.5, 0.6, 1.2, 1.4, 1.1, 0.9, 1.3], {0: (0, 0), 3: (8, 8), 4: (8, 8), 5: (9, 8)})
    prepared = eight_slices()
    assert box.z == (prepared.slice_indices[3], prepared.slice_indices[5])


def test_the_map_is_that_of_the_network_with_the_higher_score() -> None:
    logits = outputs_of().logits.copy()
    logits[5] = 4.0
    activation = np.zeros((8, 8, 8), np.float32)
    activation[5, :, :2] = 1.0
    error_map = np.zeros((8, CELLS, CELLS), np.float32)
    error_map[5, :, -2:] = 1.0
    outputs = outputs_of(logits=logits, activation=activation, error_map=error_map)
    box = localise(eight_slices(), outputs, fusion_of(outputs), card_of())
    assert box.x[1] < eight_slices().crop.column0 + 0.3 * (128 - eight_slices().crop.column0)


def test_an_even_map_gives_the_whole_crop_within_the_slice() -> None:
    box = suspicious([0.5, 0.5, 1.4, 0.5, 0.5, 0.5, 0.5, 0.5], {})
    crop = eight_slices().crop
    assert box.x == (max(0, crop.column0), min(128, crop.column1) - 1)
    assert box.y == (max(0, crop.row0), min(128, crop.row1) - 1)


def test_the_row_names_first_and_last_voxels() -> None:
    box = Localisation((1, 2), (3, 4), (5, 6), ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)))
    assert box.row == "1,2,3,4,5,6"
