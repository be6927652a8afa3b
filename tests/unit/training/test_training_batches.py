"""Pairs differ by their lesion alone; the loss equals a naive twin."""

import math

import numpy as np
import pytest
import torch

from tests.unit.training.tiny_networks import write_slices
from training import training_batches
from training.prepared_data import read_entries
from training.slice_cache import PreparationSettings, SliceCache, prepare_cache
from training.synthesis import unchanged
from training.training_batches import LABEL_SMOOTHING, PAIR_ORDER_WEIGHT, TrainingBatch, TrainingBatches, batch_loss


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> SliceCache:
    root = tmp_path_factory.mktemp("batches")
    return prepare_cache(read_entries([f"slices={write_slices(root / 'slices')}"]), PreparationSettings(64, 4), root)


def test_a_batch_is_labelled_slices_then_pairs(cache: SliceCache) -> None:
    batch = TrainingBatches(cache, dict(enumerate(cache.rows)), painted=0.5).draw(16, 64, np.random.default_rng(0))
    assert batch.views.shape == (16, 1, 64, 64)
    assert batch.pairs == 4
    assert batch.labels[-8:].tolist() == [0.0] * 4 + [1.0] * 4


def test_without_painting_a_batch_is_labelled_slices_only(cache: SliceCache) -> None:
    batch = TrainingBatches(cache, dict(enumerate(cache.rows)), painted=0.0).draw(6, 64, np.random.default_rng(0))
    assert batch.pairs == 0
    assert set(batch.labels.tolist()) <= {0.0, 1.0}


def test_the_slices_of_a_pair_differ_in_the_lesion_only(cache: SliceCache, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("with_lesion", "with_neutral_change"):
        monkeypatch.setattr(training_batches, name, unchanged)
    batch = TrainingBatches(cache, dict(enumerate(cache.rows)), painted=1.0).draw(8, 64, np.random.default_rng(0))
    plain, painted = batch.views.chunk(2)
    assert torch.equal(plain, painted)


def test_an_unlabelled_slice_is_ranked_but_not_labelled(cache: SliceCache) -> None:
    from dataclasses import replace

    unknown = [replace(row, label=None) if row.dataset == "two" else row for row in cache.rows]
    rows = {index: row for index, row in enumerate(unknown) if row.dataset == "two" or row.label == 1}
    rows |= {index: row for index, row in enumerate(unknown) if row.label == 0 and index < 4}
    batch = TrainingBatches(cache, rows, painted=1.0).draw(40, 64, np.random.default_rng(0))
    assert batch.labels[:20].isnan().any()
    assert torch.equal(batch.labels[20:].isnan(), batch.labels[:20].isnan())


def test_a_data_set_of_one_class_is_used_in_pairs_only(cache: SliceCache) -> None:
    rows = {index: row for index, row in enumerate(cache.rows) if row.dataset == "one" or row.label == 0}
    batches = TrainingBatches(cache, rows, painted=0.5)
    assert {row.dataset for row in batches._labelled_rows.values()} == {"one"}
    normal = {index: row for index, row in rows.items() if row.label == 0}
    assert TrainingBatches(cache, normal, painted=0.5).draw(8, 64, np.random.default_rng(0)).pairs == 4


def test_the_loss_equals_a_naive_twin() -> None:
    logits = torch.tensor([0.3, -1.2, 0.5, -0.4, 1.5, 0.2])
    batch = TrainingBatch(torch.zeros(6, 1, 1, 1), torch.tensor([1.0, 0.0, 0.0, math.nan, 1.0, 1.0]), pairs=2)
    terms = []
    for logit, label in zip(logits.tolist(), batch.labels.tolist(), strict=True):
        if not math.isnan(label):
            target = label * (1 - 2 * LABEL_SMOOTHING) + LABEL_SMOOTHING
            p = 1 / (1 + math.exp(-logit))
            terms.append(-(target * math.log(p) + (1 - target) * math.log(1 - p)))
    order = [math.log(1 + math.exp(0.5 - 1.5)), math.log(1 + math.exp(-0.4 - 0.2))]
    expected = sum(terms) / 5 + PAIR_ORDER_WEIGHT * sum(order) / 2
    assert float(batch_loss(logits, batch)) == pytest.approx(expected, rel=1e-5)
