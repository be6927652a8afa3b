import numpy as np
import pytest

from screening.lungs.in_plane_orientation import InPlaneOrientation

DIRECTIONS = {
    "supine": ((1, 0), (0, 1)),
    "prone": ((-1, 0), (0, -1)),
    "feet first": ((-1, 0), (0, 1)),
    "turned over": ((1, 0), (0, -1)),
    "on the left side": ((0, -1), (1, 0)),
    "on the right side": ((0, 1), (-1, 0)),
    "transposed": ((0, 1), (1, 0)),
    "transposed and turned": ((0, -1), (-1, 0)),
}


def affine(row_xy: tuple[int, int], column_xy: tuple[int, int]) -> np.ndarray:
    """Of a grid whose columns run along `row_xy` and whose rows run along `column_xy` (x left, y back)."""
    matrix = np.eye(4)
    matrix[:2, 0], matrix[:2, 1] = row_xy, column_xy
    return matrix


@pytest.mark.parametrize("directions", DIRECTIONS.values(), ids=list(DIRECTIONS))
def test_left_is_right_and_the_back_is_down(directions: tuple[tuple[int, int], tuple[int, int]]) -> None:
    matrix = affine(*directions)
    rows, columns = np.mgrid[:3, :5]
    x = matrix[0, 0] * columns + matrix[0, 1] * rows
    y = matrix[1, 0] * columns + matrix[1, 1] * rows
    orientation = InPlaneOrientation.of(matrix)
    assert (np.diff(orientation.upright(x), axis=1) == 1).all()
    assert (np.diff(orientation.upright(y), axis=0) == 1).all()
    np.testing.assert_array_equal(orientation.back(orientation.upright(x)), x)
    assert orientation.upright(x).shape == orientation.upright_pair((3, 5))


def test_a_table_or_gantry_that_is_turned_a_little_changes_nothing() -> None:
    cosine, sine = np.cos(np.deg2rad(20.0)), np.sin(np.deg2rad(20.0))
    matrix = np.eye(4)
    matrix[:2, 0], matrix[:2, 1] = (cosine, sine), (-sine, cosine)
    assert InPlaneOrientation.of(matrix) == InPlaneOrientation()
