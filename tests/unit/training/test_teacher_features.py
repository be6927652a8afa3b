"""Features of the teacher on disk: found by the bytes of views, resumable, and as many as were computed."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.unit.training.drawn_teacher import drawn_maps
from tests.unit.training.tiny_networks import write_slices
from training.cell_projection import CellProjection
from training.datasets.slice_manifest import slices_with_manifest
from training.slice_cache import PreparationSettings, SliceCache, prepare_cache
from training.teacher_features import Maps, TeacherFeatures, prepare_teacher_features, views_for_teacher


@pytest.fixture(scope="module")
def slices(tmp_path_factory: pytest.TempPathFactory) -> SliceCache:
    root = tmp_path_factory.mktemp("slices")
    entries = list(slices_with_manifest(write_slices(root / "data", groups=6, datasets=("one",))))
    return prepare_cache(entries, PreparationSettings(64, 8.0), root)


def test_each_slice_has_its_own_row(slices: SliceCache, tmp_path: Path) -> None:
    features = prepare_teacher_features(slices, tmp_path, range(len(slices)), 1, drawn_maps)
    means = [features.means[features.rows[index]] for index in range(len(slices))]
    for index, found in enumerate(means):
        maps = drawn_maps(views_for_teacher(slices, [index]))
        expected = np.concatenate([one.mean(axis=(2, 3), dtype=np.float32)[0] for one in maps])
        np.testing.assert_allclose(found, expected, atol=2e-3)
    assert len(features) == len(slices) == len({found.tobytes() for found in means})


def test_equal_views_share_a_row(slices: SliceCache, tmp_path: Path) -> None:
    """A slice that was published twice, and a row that was written twice, leave the rows of the others in place."""
    order = [0, 0, *range(len(slices))]
    twice = replace(slices, views=slices.views[order], rows=tuple(slices.rows[index] for index in order))
    features = prepare_teacher_features(twice, tmp_path, range(len(twice)), 1, drawn_maps)
    assert features.rows[0] == features.rows[1] == features.rows[2]
    views = tmp_path / "views.txt"
    views.write_text(views.read_text() + views.read_text().splitlines()[0] + "\n")
    for name in ("middle", "last", "means"):
        file = next(tmp_path.glob(f"{name}*"))
        row = len(file.read_bytes()) // len(slices)
        file.write_bytes(file.read_bytes() + file.read_bytes()[:row])
    again = TeacherFeatures.open(tmp_path, twice)
    last = max(again.rows.values())
    assert np.array_equal(again.means[last], again.means[len(slices)])


def test_only_what_is_missing_is_computed(slices: SliceCache, tmp_path: Path) -> None:
    first = prepare_teacher_features(slices, tmp_path, range(5), 1, drawn_maps)
    kept = {index: first.last[row].copy() for index, row in first.rows.items()}
    seen: list[int] = []

    def counting(views: NDArray[np.uint8]) -> Maps:
        seen.append(len(views))
        return drawn_maps(views)

    both = prepare_teacher_features(slices, tmp_path, range(9), 1, counting)
    assert sum(seen) == 4
    assert sorted(both.rows) == list(range(9))
    for index, features in kept.items():
        assert np.array_equal(both.last[both.rows[index]], features)


def test_of_more_than_the_most_some_are_chosen_and_more_can_follow(slices: SliceCache, tmp_path: Path) -> None:
    few = prepare_teacher_features(slices, tmp_path, range(len(slices)), 1, drawn_maps, most=5)
    assert len(few) == 5
    more = prepare_teacher_features(slices, tmp_path, range(len(slices)), 1, drawn_maps, most=9)
    assert len(more) == 9
    assert set(few.rows) < set(more.rows)


def test_a_row_that_was_not_finished_is_written_again(slices: SliceCache, tmp_path: Path) -> None:
    whole = prepare_teacher_features(slices, tmp_path / "whole", range(12), 1, drawn_maps)
    prepare_teacher_features(slices, tmp_path / "cut", range(12), 1, drawn_maps)
    digests = tmp_path / "cut" / "views.txt"
    digests.write_text("".join(digests.read_text().splitlines(keepends=True)[:8]))
    again = prepare_teacher_features(slices, tmp_path / "cut", range(12), 1, drawn_maps)
    assert again.rows.keys() == whole.rows.keys()
    for index, row in again.rows.items():
        assert np.array_equal(again.means[row], whole.means[whole.rows[index]])


def test_another_cache_with_the_same_views_finds_them(slices: SliceCache, tmp_path: Path) -> None:
    prepare_teacher_features(slices, tmp_path, range(len(slices)), 1, drawn_maps)
    order = np.arange(len(slices))[::-1]
    other = replace(slices, rows=slices.rows[::-1], views=slices.views[order])
    first, second = (TeacherFeatures.open(tmp_path, one) for one in (slices, other))
    assert [first.rows[index] for index in order] == [second.rows[index] for index in range(len(order))]


def test_workers_change_nothing(slices: SliceCache, tmp_path: Path) -> None:
    alone, together = (
        prepare_teacher_features(slices, tmp_path / str(workers), range(len(slices)), workers, drawn_maps)
        for workers in (1, 2)
    )
    assert np.array_equal(alone.last, together.last)


@settings(max_examples=20, deadline=None)
@given(channels=st.integers(2, 12), seed=st.integers(0, 1000))
def test_all_components_keep_the_distances_of_cells_but_for_their_division(channels: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    maps = (random.standard_normal((6, channels, 3, 3)) * random.uniform(0.5, 2, (channels, 1, 1))).astype(np.float16)
    projected = CellProjection.fit(maps, channels)(maps).astype(np.float64)
    cells = np.moveaxis(projected, 1, -1).reshape(-1, channels)
    covariance, (values, _) = np.cov(cells, rowvar=False), np.linalg.eigh(np.cov(_cells(maps), rowvar=False))
    np.testing.assert_allclose(np.diag(covariance), np.sqrt(values[::-1]), rtol=0.05)
    np.testing.assert_allclose(covariance - np.diag(np.diag(covariance)), 0, atol=0.02)


def _cells(maps: NDArray[np.float16]) -> NDArray[np.float64]:
    return np.moveaxis(maps, 1, -1).reshape(-1, maps.shape[1]).astype(np.float64)
