"""Blocks are made of the series that was screened, wherever its lungs lie in the patient."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from screening.block_preparation import SeriesChanged, prepare_blocks
from screening.blocks.grid_slice import GRID_MM
from screening.phantom.phantom_study import write_phantom
from screening.preparation import PreparedStudy, prepare
from screening.series.studies import Study
from screening.series.volume import Volume
from tests.unit.screening.studies import SIZE, SLICES, VIEW_SPACING_MM, study_of

Screened = tuple[Study, PreparedStudy]


@pytest.fixture(scope="module")
def screened(tmp_path_factory: pytest.TempPathFactory) -> Screened:
    folder = tmp_path_factory.mktemp("phantom")
    study = study_of(write_phantom(folder / "study.zip", slices=SLICES, size=SIZE), folder)
    return study, prepare(study, 64, VIEW_SPACING_MM)


def test_every_block_shows_lung_and_has_its_place_in_the_patient(screened: Screened) -> None:
    study, prepared = screened
    blocks = prepare_blocks(study, prepared.chosen)
    assert len(blocks) == len(blocks.blocks) == len(blocks.masks)
    inverse = np.linalg.inv(prepared.geometry.affine_lps)
    _, rows, columns = prepared.geometry.shape
    for mask, origin in zip(blocks.masks[:, 0], blocks.origins, strict=True):
        voxel = np.argwhere(mask).mean(axis=0) + origin
        column, row, slice_, _ = inverse @ (*blocks.position_lps_mm(voxel), 1.0)
        assert 0 <= row < rows
        assert 0 <= column < columns
        assert slice_ == pytest.approx(blocks.slice_at(float(voxel[0])), abs=0.5)
        assert prepared.slice_indices[0] - 5 <= slice_ <= prepared.slice_indices[-1] + 5


def test_the_lungs_are_as_large_as_in_the_views(screened: Screened) -> None:
    study, prepared = screened
    blocks = prepare_blocks(study, prepared.chosen)
    expected_ml = prepared.coverage.to_json()["volume_ml"]
    counted = {
        tuple(voxel)
        for mask, origin in zip(blocks.masks[:, 0], blocks.origins, strict=True)
        for voxel in (np.argwhere(mask) + origin).tolist()
    }
    assert len(counted) * GRID_MM**3 * 1e-3 == pytest.approx(expected_ml, rel=0.1)


def test_another_series_is_a_fault(screened: Screened) -> None:
    study, prepared = screened
    for changed in ({"series_uid": "1.2.3"}, {"sop_uids": {0: "1.2.3"}}, {"sop_uids": {10_000: "1.2.3"}}):
        with pytest.raises(SeriesChanged):
            prepare_blocks(study, replace(prepared.chosen, **changed))


def test_what_the_views_have_decoded_is_not_decoded_again_and_gives_the_same_blocks(
    screened: Screened, monkeypatch: pytest.MonkeyPatch
) -> None:
    study, prepared = screened
    kept = prepare(study, 64, VIEW_SPACING_MM, grid_within_mm=prepared.geometry.spacing_mm[0])
    assert not prepared.grid_slices
    assert set(kept.grid_slices) <= set(kept.slice_indices)
    decoded: list[int] = []
    hu = Volume.hu

    def counted(volume: Volume, index: int) -> NDArray[np.int16]:
        decoded.append(index)
        return hu(volume, index)

    monkeypatch.setattr(Volume, "hu", counted)
    without, blocks = prepare_blocks(study, prepared.chosen), prepare_blocks(study, kept.chosen)
    assert np.array_equal(blocks.blocks, without.blocks)
    assert np.array_equal(blocks.masks, without.masks)
    assert blocks.origins == without.origins
    assert len(decoded) == 2 * len(set(decoded)) - len(kept.grid_slices)
