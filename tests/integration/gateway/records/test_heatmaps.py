"""Heatmaps of a report over HTTP, on the grid of the displayed slices."""

from pathlib import Path

import httpx
import numpy as np
import pytest

from screening.phantom.phantom_study import write_phantom
from screening.results.evidence import Evidence
from tests.integration.gateway.auth.api_calls import problem
from tests.integration.gateway.records.stored_scans import StoredScans
from tests.integration.gateway.records.viewing_calls import (
    CELLS,
    add_report,
    create_scan,
    evidence_of,
    get_view,
    nifti,
    series,
)

HOT = 5


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return write_phantom(tmp_path_factory.mktemp("phantom") / "chest.zip", slices=24, size=128).read_bytes()


@pytest.fixture(scope="module")
def evidence(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    return evidence_of(content, tmp_path_factory.mktemp("evidence"), hot=HOT)


@pytest.fixture(scope="module")
def reported(radiologist: httpx.Client, stored_scans: StoredScans, content: bytes, evidence: Evidence) -> str:
    scan = create_scan(radiologist, content)
    add_report(stored_scans, scan, evidence)
    return scan


def test_a_hot_cell_is_at_the_position_that_the_network_saw(
    radiologist: httpx.Client, reported: str, evidence: Evidence
) -> None:
    heat, volume = (
        nifti(get_view(radiologist, reported, "heatmap.nii.gz", kind="error")),
        nifti(get_view(radiologist, reported, "volume.nii.gz")),
    )
    assert heat.shape == volume.shape
    np.testing.assert_array_equal(heat.affine, volume.affine)
    assert heat.get_data_dtype() == np.uint8
    values = heat.get_fdata()
    column, row, index = np.unravel_index(values.argmax(), values.shape)
    assert 0.5 < values.max() <= 1.0
    assert evidence.nearest_chosen(int(index)) == HOT
    crop, side = evidence.crop, (evidence.crop.row1 - evidence.crop.row0) / CELLS
    assert row == pytest.approx(crop.row0 + 4.5 * side, abs=side)
    assert column == pytest.approx(crop.column0 + 11.5 * side, abs=side)
    assert heat.affine[0, 0] * column + heat.affine[0, 3] < 0  # column 11 of 16 is the patient's left; RAS


def test_slices_without_a_view_are_empty(radiologist: httpx.Client, reported: str, evidence: Evidence) -> None:
    values = nifti(get_view(radiologist, reported, "heatmap.nii.gz")).get_fdata()
    for index in range(values.shape[2]):
        assert bool(values[:, :, index].any()) is (evidence.nearest_chosen(index) is not None)


def test_a_coarse_heatmap_has_the_grid_of_the_coarse_volume(radiologist: httpx.Client, reported: str) -> None:
    heat, volume = (nifti(get_view(radiologist, reported, f"{what}.nii.gz", step=4)) for what in ("heatmap", "volume"))
    assert heat.shape == volume.shape
    np.testing.assert_array_equal(heat.affine, volume.affine)


def test_each_network_has_its_own_map(radiologist: httpx.Client, reported: str) -> None:
    answers = [get_view(radiologist, reported, "heatmap.nii.gz", kind=kind) for kind in ("activation", "error")]
    assert answers[0].content != answers[1].content
    assert answers[0].headers["etag"] != answers[1].headers["etag"]


def test_the_series_names_the_key_slice_and_the_thumbnail_shows_it(
    radiologist: httpx.Client, stored_scans: StoredScans, content: bytes, evidence: Evidence
) -> None:
    scan = create_scan(radiologist, content)
    before = get_view(radiologist, scan, "thumbnail.png")
    assert series(radiologist, scan)["key_slice"] is None
    add_report(stored_scans, scan, evidence)
    shown = series(radiologist, scan)
    assert (shown["key_slice"], tuple(shown["seen_slices"])) == (evidence.key_slice, evidence.slice_indices)
    after = radiologist.get(f"/api/scans/{scan}/thumbnail.png", headers={"If-None-Match": before.headers["etag"]})
    assert after.status_code == 200
    assert after.content != before.content


def test_evidence_of_another_series_is_not_used(
    radiologist: httpx.Client, stored_scans: StoredScans, evidence: Evidence, tmp_path: Path
) -> None:
    other = write_phantom(tmp_path / "other.zip", slices=20, size=64, seed=3).read_bytes()
    scan = create_scan(radiologist, other)
    add_report(stored_scans, scan, evidence)
    shown = series(radiologist, scan)
    assert (shown["key_slice"], shown["seen_slices"]) == (None, [])


def test_no_heatmap_without_a_report_or_for_another_study(
    radiologist: httpx.Client, content: bytes, reported: str
) -> None:
    scan = create_scan(radiologist, content)
    assert problem(radiologist.get(f"/api/scans/{scan}/heatmap.nii.gz")) == (404, "no_report")
    answer = radiologist.get(f"/api/scans/{reported}/heatmap.nii.gz", params={"study_uid": "2.25.3"})
    assert problem(answer) == (404, "no_report")
