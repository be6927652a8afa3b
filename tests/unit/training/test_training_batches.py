"""Pairs differ by their lesion alone; maps say where it is; domes and marked lesions come from volumes."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.unit.training.tiny_networks import write_slices
from training import painted_twins
from training.prepared_data import read_entries
from training.slice_cache import PreparationSettings, SliceCache, prepare_cache
from training.training_batches import Composition, Kind, TrainingBatch, TrainingBatches

FEW = Composition(pairs=4, ill=3, diaphragm=2, marked=2)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> SliceCache:
    root = tmp_path_factory.mktemp("batches")
    return prepare_cache(read_entries([f"slices={write_slices(root / 'slices')}"]), PreparationSettings(64), root)


@pytest.fixture(scope="module")
def with_volume(cache: SliceCache) -> SliceCache:
    """The same slices; half of each lung does not count, and the first slice has a marked lesion."""
    counted, lesions = np.array(cache.masks), np.zeros_like(cache.masks)
    counted[:, :, 32:] = 0
    lesions[0, :, 20:40, 10:30] = 1
    rows = tuple(replace(row, label=None) if index == 0 else row for index, row in enumerate(cache.rows))
    return replace(cache, rows=rows, counted=counted, lesions=lesions)


def test_a_batch_is_pairs_then_pathological_slices(cache: SliceCache) -> None:
    batch = _drawn(cache)
    assert batch.views.shape == (11, 1, 64, 64)
    assert batch.kinds.tolist() == [Kind.PLAIN] * 4 + [Kind.PAINTED] * 4 + [Kind.ILL] * 3
    assert batch.views.abs().max() <= 1.0


def test_the_map_is_where_the_slices_of_a_pair_differ(cache: SliceCache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(painted_twins, "with_neutral_change", lambda view, _mask, _random: view)
    batch = _drawn(cache, Composition(8, 0, 0, 0))
    plain, painted = batch.views[:8, 0], batch.views[8:, 0]
    changed, inside = (painted - plain).abs(), batch.maps[:8]
    assert torch.equal(inside, batch.maps[8:])
    assert inside.any(dim=2).any(dim=1).all()
    assert changed[inside].mean() > 10 * changed[~inside].mean()


def test_slices_without_lung_or_mask_teach_no_more_than_they_know(cache: SliceCache) -> None:
    batch = _drawn(cache)
    assert not batch.maps[batch.of(Kind.ILL)].any()
    assert batch.trust[batch.of(Kind.PLAIN)].tolist() == [1.0] * 4


def test_an_unlabelled_slice_is_trusted_little(cache: SliceCache) -> None:
    unknown = replace(cache, rows=tuple(replace(row, label=None) for row in cache.rows))
    assert torch.allclose(_drawn(unknown).trust, torch.tensor(0.15))


def test_domes_and_marked_lesions_have_their_maps(with_volume: SliceCache) -> None:
    batch = _drawn(with_volume)
    for kind in (Kind.DIAPHRAGM, Kind.MARKED):
        assert batch.of(kind).sum() == 2
        assert batch.maps[batch.of(kind)].any()
    dome = batch.maps[batch.of(Kind.DIAPHRAGM)]
    assert (dome & batch.masks[batch.of(Kind.DIAPHRAGM)]).sum() > 0.8 * dome.sum()


def test_a_data_set_of_one_class_is_used_in_pairs_only(cache: SliceCache) -> None:
    rows = {index: row for index, row in enumerate(cache.rows) if row.dataset == "one" or row.label == 1}
    batches = TrainingBatches(cache, rows)
    ill = batches._pools[Kind.ILL]
    assert {cache.rows[ill.draw(np.random.default_rng(seed))].dataset for seed in range(20)} == {"one"}
    normal = {index: row for index, row in enumerate(cache.rows) if row.label == 0}
    drawn = TrainingBatches(cache, normal).draw(FEW, 64, np.random.default_rng(0))
    assert not drawn.of(Kind.ILL).any()


@pytest.mark.parametrize(("batch", "painted"), [(31, 0.65), (48, 0.5), (8, 0.0), (8, 1.0)])
def test_a_composition_has_as_many_views_as_asked_for(batch: int, painted: float) -> None:
    parts = Composition.of(batch, painted)
    assert 2 * parts.pairs + parts.ill + parts.diaphragm + parts.marked == batch
    assert min(parts.pairs, parts.ill, parts.diaphragm, parts.marked) >= 0


def _drawn(cache: SliceCache, composition: Composition = FEW) -> TrainingBatch:
    return TrainingBatches(cache, dict(enumerate(cache.rows))).draw(composition, 64, np.random.default_rng(0))
