from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from screening.phantom.phantom_study import write_phantom
from tests.unit.training.tiny_networks import write_slices
from training.datasets.entry import Entry
from training.datasets.slice_manifest import slices_with_manifest
from training.slice_cache import PreparationSettings, SliceCache, cache_key, prepare_cache
from training.slice_defects import defect_of
from training.surveyed_volume import Unusable

SETTINGS = PreparationSettings(64, 8.0)


@pytest.fixture(scope="module")
def entries(tmp_path_factory: pytest.TempPathFactory) -> list[Entry]:
    return list(slices_with_manifest(write_slices(tmp_path_factory.mktemp("slices"), groups=4)))


def test_rows_and_arrays_come_back(entries: list[Entry], tmp_path: Path) -> None:
    cache = prepare_cache(entries, SETTINGS, tmp_path)
    assert len(cache) == len(cache.views) == len(entries)
    assert cache.views.shape[1:] == cache.masks.shape[1:] == (2, 64, 64)
    assert np.array_equal(cache.counted, cache.masks)
    for row, entry in zip(cache.rows, entries, strict=True):
        assert (row.patient, row.label, row.findings) == (entry.patient, entry.label, entry.findings)
        assert row.scores == pytest.approx(entry.scores)
    assert 0.1 < cache.masks[:, 0].mean() < 0.9


def test_an_existing_cache_is_opened(entries: list[Entry], tmp_path: Path) -> None:
    first = prepare_cache(entries, SETTINGS, tmp_path)
    stamp = (first.folder / "looks.bin").stat().st_mtime_ns
    assert (prepare_cache(entries, SETTINGS, tmp_path).folder / "looks.bin").stat().st_mtime_ns == stamp


def test_a_changed_setting_or_entry_makes_a_new_cache(entries: list[Entry]) -> None:
    keys = {
        cache_key(entries, SETTINGS),
        cache_key(entries, replace(SETTINGS, size=96)),
        cache_key(entries, replace(SETTINGS, spacing_mm=5.0)),
        cache_key(entries[1:], SETTINGS),
        cache_key([replace(entries[0], label=None), *entries[1:]], SETTINGS),
    }
    assert len(keys) == 5


def test_workers_change_nothing(entries: list[Entry], tmp_path: Path) -> None:
    alone, together = (
        prepare_cache(entries, SETTINGS, tmp_path / "a"),
        prepare_cache(entries, SETTINGS, tmp_path / "b", 2),
    )
    assert np.array_equal(alone.views, together.views)


def test_a_study_gives_slices_over_its_lungs(tmp_path: Path) -> None:
    study = write_phantom(tmp_path / "study.zip", slices=60, size=128)
    cache = prepare_cache([Entry("phantom", "p", "study", study, "study", 1)], SETTINGS, tmp_path)
    heights = np.array([row.height_mm for row in cache.rows], np.float64)
    assert len(cache) > 4
    assert (np.diff(heights) > 0).all()
    assert (np.diff(heights) <= 8.01).all()
    assert (cache.counted <= cache.masks).all()
    assert not cache.lesions.any()
    assert all(row.label == 1 for row in cache.rows)


def test_excluded_slices_have_a_reason(entries: list[Entry], tmp_path: Path) -> None:
    blank = tmp_path / "blank.png"
    blank.write_bytes(b"no slice")
    cache = prepare_cache([*entries, Entry("one", "x", "blank", blank, "grey")], SETTINGS, tmp_path)
    assert (cache.folder / "excluded.csv").read_text().splitlines()[1:] == ["blank,cannot be decoded"]
    with pytest.raises(Unusable, match="no slice is left"):
        prepare_cache([Entry("one", "x", "blank", blank, "grey")], SETTINGS, tmp_path)


def test_defects() -> None:
    mask = np.zeros((64, 64), np.uint8)
    mask[20:40, 20:40] = 1
    good = np.random.default_rng(0).integers(0, 256, (64, 64)).astype(np.uint8)
    assert defect_of(good, mask) is None
    assert defect_of(np.full((64, 64), 7, np.uint8), mask) == "broken"
    white = np.where(good < 240, 255, good).astype(np.uint8)
    white[0, :32] = np.arange(32)
    assert defect_of(white, mask) == "overexposed"
    assert defect_of(good, np.zeros_like(mask)) == "bone"


def test_an_unfinished_cache_is_not_opened(entries: list[Entry], tmp_path: Path) -> None:
    (tmp_path / f"views-64-{cache_key(entries, SETTINGS)}.part").mkdir()
    assert isinstance(prepare_cache(entries, SETTINGS, tmp_path), SliceCache)
