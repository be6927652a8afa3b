"""Geometry: the affine against DICOM's equation, for slices in any order."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from screening.dicom.geometry import (
    Geometry,
    geometry_of_slices,
    is_orthonormal,
    shear_deg,
    slice_normal,
    sort_by_position,
    spacing_mm,
)
from screening.dicom.headers import read_headers
from screening.dicom.slice_header import SliceHeader, Vector
from screening.errors import InvalidSpacing, MissingPosition
from screening.intake.budgets import Budgets
from screening.intake.upload import open_upload
from tests.unit.screening.synthetic_headers import slice_header, slice_headers

PIXEL_MM = st.floats(0.2, 3.0)
AXIAL: tuple[Vector, Vector] = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0))


def equation_c_7_6_2_1_1(header: SliceHeader, column: int, row: int) -> list[float]:
    """PS3.3 equation C.7.6.2.1-1, written out."""
    assert header.position
    assert header.orientation
    assert header.spacing_mm
    along_row, along_column = header.orientation
    row_mm, column_mm = header.spacing_mm
    return [
        header.position[axis] + along_row[axis] * column_mm * column + along_column[axis] * row_mm * row
        for axis in range(3)
    ]


@settings(deadline=None)
@given(st.permutations(list(range(12))), st.floats(-0.4, 0.4), PIXEL_MM, PIXEL_MM, st.floats(0.5, 9))
def test_the_matrix_is_dicoms_equation_for_every_voxel_and_any_order(
    order: list[int], angle: float, row_mm: float, column_mm: float, step: float
) -> None:
    turned: tuple[Vector, Vector] = ((1.0, 0.0, 0.0), (0.0, math.cos(angle), math.sin(angle)))
    way = slice_normal(turned) * step
    stack = [
        replace(
            slice_header(index),
            orientation=turned,
            position=(float(way[0] * index), float(way[1] * index) - 5.0, float(way[2] * index) + 7.0),
            spacing_mm=(row_mm, column_mm),
        )
        for index in range(12)
    ]
    ordered = sort_by_position([stack[index] for index in order])
    assert [one.sop_uid for one in ordered] == [one.sop_uid for one in stack]
    geometry = geometry_of_slices(ordered)
    assert geometry.spacing_mm == pytest.approx((step, row_mm, column_mm))
    for index, column, row in ((0, 0, 0), (5, 3, 1), (11, 31, 30)):
        found = geometry.affine_lps @ (column, row, index, 1)
        np.testing.assert_allclose(found[:3], equation_c_7_6_2_1_1(ordered[index], column, row), atol=1e-6)


def test_the_normal_of_an_axial_slice_points_to_the_head() -> None:
    np.testing.assert_array_equal(slice_normal(AXIAL), (0, 0, 1))
    np.testing.assert_array_equal(slice_normal(((1.0, 0.0, 0.0), (1.0, 0.0, 0.0))), (0, 0, 0))


@pytest.mark.parametrize(
    ("orientation", "fits"),
    [
        (AXIAL, True),
        (((0.0, 0.6, 0.8), (1.0, 0.0, 0.0)), True),
        (((2.0, 0.0, 0.0), (0.0, 1.0, 0.0)), False),
        (((1.0, 0.0, 0.0), (0.5, 0.8, 0.0)), False),
        (((0.0, 0.0, 0.0), (0.0, 0.0, 0.0)), False),
    ],
)
def test_directions_have_length_one_and_are_orthogonal(orientation: tuple[Vector, Vector], fits: bool) -> None:
    assert is_orthonormal(orientation) is fits


def test_one_slice_for_each_position_and_the_first_acquisition_of_each() -> None:
    stack = slice_headers(4)
    second_phase = [replace(one, acquisition=2, sop_uid=f"{one.sop_uid}.2") for one in stack]
    first_phase = [replace(one, acquisition=1) for one in stack]
    assert sort_by_position([*second_phase, *first_phase]) == tuple(first_phase)


def test_one_gap_does_not_change_the_spacing() -> None:
    assert spacing_mm([one for one in slice_headers(9) if one.position != (0.0, 0.0, 32.0)]) == 8.0


def test_a_tilted_gantry_shears_the_stack() -> None:
    assert shear_deg(slice_headers(5)) == 0.0
    shift = 8.0 * math.tan(0.3)
    sheared = [replace(one, position=(0.0, shift * index, 8.0 * index)) for index, one in enumerate(slice_headers(5))]
    assert shear_deg(sheared) == pytest.approx(math.degrees(0.3))


def test_slices_without_a_position_are_refused() -> None:
    for lost in (replace(slice_header(), position=None), replace(slice_header(), orientation=None)):
        with pytest.raises(MissingPosition):
            sort_by_position([lost, slice_header(1)])
    with pytest.raises(InvalidSpacing):
        geometry_of_slices([replace(one, spacing_mm=None) for one in slice_headers(3)])


@pytest.mark.parametrize("affine", [np.zeros((4, 4)), np.full((4, 4), np.nan), np.eye(3)], ids=["flat", "nan", "small"])
def test_a_geometry_without_a_volume_cannot_exist(affine: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> None:
    with pytest.raises(ValueError, match="a geometry needs"):
        Geometry((2, 2, 2), affine, (1.0, 1.0, 1.0))


def test_the_real_studies_lie_as_their_headers_say(real_data: Path) -> None:
    folder = real_data / "dicom" / "normal001"
    headers = read_headers(open_upload(folder, Path("unused"), Budgets()), Budgets())
    geometry = geometry_of_slices(sort_by_position(headers.slices))
    assert geometry.shape == (154, 512, 512)
    assert geometry.spacing_mm == (2.0, 0.634765625, 0.634765625)
    np.testing.assert_allclose(geometry.affine_lps @ (0, 0, 153, 1), (-162.1826171875, -307.1826171875, -24.5, 1))
