"""The suspicious region is the report's box, voxel for voxel, in any orientation of the source."""

from dataclasses import replace
from itertools import product

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from screening.dicom.geometry import Geometry
from screening.results.evidence import Evidence
from screening.results.localisation import Localisation, localise
from screening.results.suspicious_region import suspicious_region
from screening.views.crop import Crop
from tests.unit.screening.studies import card_of, eight_slices, fusion_of, outputs_of

CELLS = 16


def affine_of(
    flips: tuple[float, float], swapped: bool, tilt: float, spacing: tuple[float, float, float]
) -> np.ndarray:
    """Rows and columns flipped or swapped in the patient's axes, slices sheared by a gantry tilt."""
    slice_mm, row_mm, column_mm = spacing
    affine = np.eye(4)
    across, down = (1, 0) if swapped else (0, 1)
    affine[:3, 0] = np.eye(3)[across] * flips[0] * column_mm
    affine[:3, 1] = np.eye(3)[down] * flips[1] * row_mm
    affine[:3, 2] = [0.0, tilt * slice_mm, slice_mm]
    affine[:3, 3] = [-100.0, 30.0, 5.0]
    return affine


millimetres = st.floats(0.4, 8.0)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    cells=st.lists(st.tuples(st.integers(0, CELLS - 1), st.integers(0, CELLS - 1)), min_size=1, max_size=12),
    flips=st.tuples(st.sampled_from([-1.0, 1.0]), st.sampled_from([-1.0, 1.0])),
    swapped=st.booleans(),
    tilt=st.floats(-0.4, 0.4),
    spacing=st.tuples(millimetres, millimetres, millimetres),
    corner=st.tuples(st.integers(-20, 60), st.integers(-20, 60)),
    side=st.integers(20, 150),
    by_error=st.booleans(),
)
def test_its_bounding_box_is_the_box_of_the_report(
    cells: list[tuple[int, int]],
    flips: tuple[float, float],
    swapped: bool,
    tilt: float,
    spacing: tuple[float, float, float],
    corner: tuple[int, int],
    side: int,
    by_error: bool,
) -> None:
    affine = affine_of(flips, swapped, tilt, spacing)
    prepared = eight_slices()
    crop = Crop(corner[0], corner[0] + side, corner[1], corner[1] + side, 64).oriented(affine)
    prepared = replace(prepared, geometry=Geometry(prepared.geometry.shape, affine, spacing), crop=crop)
    maps = np.zeros((8, CELLS, CELLS), np.float32)
    for place in (3, 4, 5):
        for row, column in cells:
            maps[place, (row + place) % CELLS, column] = 1.0
    errors = np.array([0.5, 0.5, 0.5, 1.2, 1.4, 1.3, 0.5, 0.5], np.float32)
    logits = np.where(errors > 1, 5.0, -9.0).astype(np.float32)
    outputs = (
        outputs_of(reconstruction_error=errors, error_map=maps)
        if by_error
        else outputs_of(logits=logits, activation=maps * 10 - 12)
    )
    fusion = fusion_of(outputs)
    box = localise(prepared, outputs, fusion, card_of())
    region = suspicious_region(Evidence.of(prepared, outputs, fusion), box)
    assert sorted(region) == list(range(box.z[0], box.z[1] + 1))
    assert _corners_mm(region, affine) == _rounded(box.lps_mm)


@given(side=st.integers(20, 150))
@settings(max_examples=30, deadline=None)
def test_a_block_of_cells_has_no_gaps(side: int) -> None:
    prepared = eight_slices()
    crop = Crop(-7, side - 7, 3, side + 3, 64).oriented(prepared.geometry.affine_lps)
    prepared = replace(prepared, crop=crop)
    maps = np.zeros((8, CELLS, CELLS), np.float32)
    maps[4, 5:9, 4:12] = 1.0
    outputs = outputs_of(reconstruction_error=np.array([0.5] * 4 + [1.4] + [0.5] * 3, np.float32), error_map=maps)
    fusion = fusion_of(outputs)
    box = localise(prepared, outputs, fusion, card_of())
    (mask,) = suspicious_region(Evidence.of(prepared, outputs, fusion), box).values()
    assert mask[box.y[0] : box.y[1] + 1, box.x[0] : box.x[1] + 1].all()


def test_a_box_that_the_evidence_does_not_give_is_filled() -> None:
    outputs = outputs_of(reconstruction_error=np.array([0.5] * 4 + [1.4] + [0.5] * 3, np.float32))
    evidence = Evidence.of(eight_slices(), outputs, fusion_of(outputs))
    index = evidence.slice_indices[4]
    box = Localisation((1, 3), (2, 5), (index, index), ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)))
    (mask,) = suspicious_region(evidence, box).values()
    assert np.argwhere(mask).min(axis=0).tolist() == [2, 1]
    assert np.argwhere(mask).max(axis=0).tolist() == [5, 3]
    assert mask.sum() == 12


def _corners_mm(region: dict[int, np.ndarray], affine: np.ndarray) -> tuple[list[float], list[float]]:
    """The lowest and the highest place of the region's bounding box of voxels, in LPS."""
    voxels = np.array([(column, row, index) for index, mask in region.items() for row, column in np.argwhere(mask)])
    faces = [(low - 0.5, high + 0.5) for low, high in zip(voxels.min(axis=0), voxels.max(axis=0), strict=True)]
    corners = np.array([(affine @ (*corner, 1.0))[:3] for corner in product(*faces)])
    return _rounded((corners.min(axis=0), corners.max(axis=0)))


def _rounded(corners: object) -> tuple[list[float], list[float]]:
    low, high = np.round(np.asarray(corners, np.float64), 6).tolist()
    return low, high
