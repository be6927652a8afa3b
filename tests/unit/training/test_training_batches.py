"""Pairs differ by their lesion alone; the loss equals a naive twin."""

import math

import numpy as np
import pytest
import torch

from tests.unit.training.tiny_networks import write_slices
from training import training_batches
from training.prepared_data import read_entries
from training.slice_cache import Cache, Settings, prepared
from training.synthesis import nothing
from training.training_batches import RANKED, SMOOTHING, Lesson, Lessons, lesson_loss


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Cache:
    root = tmp_path_factory.mktemp("lessons")
    return prepared(read_entries([f"slices={write_slices(root / 'slices')}"]), Settings(64, 4), root)


def test_a_lesson_is_real_slices_then_pairs(cache: Cache) -> None:
    lesson = Lessons(cache, dict(enumerate(cache.rows)), painted=0.5).draw(16, 64, np.random.default_rng(0))
    assert lesson.views.shape == (16, 1, 64, 64)
    assert lesson.pairs == 4
    assert lesson.labels[-8:].tolist() == [0.0] * 4 + [1.0] * 4


def test_without_painting_a_lesson_is_real_slices_alone(cache: Cache) -> None:
    lesson = Lessons(cache, dict(enumerate(cache.rows)), painted=0.0).draw(6, 64, np.random.default_rng(0))
    assert lesson.pairs == 0
    assert set(lesson.labels.tolist()) <= {0.0, 1.0}


def test_nothing_but_the_lesion_tells_a_pair_apart(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("with_lesion", "untouched_or_null"):
        monkeypatch.setattr(training_batches, name, nothing)
    lesson = Lessons(cache, dict(enumerate(cache.rows)), painted=1.0).draw(8, 64, np.random.default_rng(0))
    plain, painted = lesson.views.chunk(2)
    assert torch.equal(plain, painted)


def test_an_unlabelled_slice_is_ranked_but_not_labelled(cache: Cache) -> None:
    from dataclasses import replace

    unknown = [replace(row, label=None) if row.dataset == "two" else row for row in cache.rows]
    rows = {place: row for place, row in enumerate(unknown) if row.dataset == "two" or row.label == 1}
    rows |= {place: row for place, row in enumerate(unknown) if row.label == 0 and place < 4}
    lesson = Lessons(cache, rows, painted=1.0).draw(40, 64, np.random.default_rng(0))
    assert lesson.labels[:20].isnan().any()
    assert torch.equal(lesson.labels[20:].isnan(), lesson.labels[:20].isnan())


def test_a_set_of_one_class_is_shown_in_pairs_alone(cache: Cache) -> None:
    rows = {place: row for place, row in enumerate(cache.rows) if row.dataset == "one" or row.label == 0}
    lessons_ = Lessons(cache, rows, painted=0.5)
    assert {row.dataset for row in lessons_._real_rows.values()} == {"one"}
    normal = {place: row for place, row in rows.items() if row.label == 0}
    assert Lessons(cache, normal, painted=0.5).draw(8, 64, np.random.default_rng(0)).pairs == 4


def test_the_loss_equals_a_naive_twin() -> None:
    logits = torch.tensor([0.3, -1.2, 0.5, -0.4, 1.5, 0.2])
    lesson = Lesson(torch.zeros(6, 1, 1, 1), torch.tensor([1.0, 0.0, 0.0, math.nan, 1.0, 1.0]), pairs=2)
    terms = []
    for logit, label in zip(logits.tolist(), lesson.labels.tolist(), strict=True):
        if not math.isnan(label):
            target = label * (1 - 2 * SMOOTHING) + SMOOTHING
            p = 1 / (1 + math.exp(-logit))
            terms.append(-(target * math.log(p) + (1 - target) * math.log(1 - p)))
    order = [math.log(1 + math.exp(0.5 - 1.5)), math.log(1 + math.exp(-0.4 - 0.2))]
    expected = sum(terms) / 5 + RANKED * sum(order) / 2
    assert float(lesson_loss(logits, lesson)) == pytest.approx(expected, rel=1e-5)
