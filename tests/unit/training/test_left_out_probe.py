"""The probe judges each data set by a fit that has not seen it, and its test side by a fit on its own training side."""

import numpy as np
import pytest
import torch

from tests.unit.training.tiny_networks import write_slices
from training.datasets.slice_manifest import slices_with_manifest
from training.left_out_probe import left_out_probe
from training.networks import Encoder
from training.prepared_data import PreparedData
from training.slice_cache import PreparationSettings, SliceCache, prepare_cache


@pytest.fixture(scope="module")
def slices(tmp_path_factory: pytest.TempPathFactory) -> SliceCache:
    root = tmp_path_factory.mktemp("slices")
    entries = list(slices_with_manifest(write_slices(root / "data", datasets=("one", "two"))))
    return prepare_cache(entries, PreparationSettings(64, 8.0), root)


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    torch.manual_seed(1)
    return Encoder()


def test_each_data_set_is_left_out_and_judged_within(slices: SliceCache, encoder: Encoder) -> None:
    data = PreparedData.of(slices, seed=7)
    parts = left_out_probe(data, encoder, 64)
    assert [(part.dataset, part.side) for part in parts] == [
        (name, side) for name in ("one", "two") for side in ("left out", "test")
    ]
    for part in parts:
        everything = [index for index, row in enumerate(slices.rows) if row.dataset == part.dataset]
        expected = everything if part.side == "left out" else data.evaluation_slices("test", [part.dataset])
        assert part.slices.tolist() == expected


def test_the_set_that_is_left_out_does_not_change_its_own_scores(slices: SliceCache, encoder: Encoder) -> None:
    """Scores of the set left out stay when it loses some of its training slices to the test side."""
    data = PreparedData.of(slices, seed=7)
    moved = {data.cache.rows[index].patient for index in data.training_slices(["one"], label=0)[:2]}
    sides = tuple("test" if row.patient in moved else side for row, side in zip(slices.rows, data.sides, strict=True))
    before, after = (left_out_probe(each, encoder, 64) for each in (data, PreparedData(slices, sides)))
    for first, second in zip(before, after, strict=True):
        same = np.array_equal(first.logits, second.logits)
        assert same == ((first.dataset, first.side) in {("one", "left out"), ("two", "test")})


def test_alone_or_held_out_a_data_set_is_not_left_out(slices: SliceCache, encoder: Encoder) -> None:
    parts = left_out_probe(PreparedData.of(slices, seed=7, held_out=["two"]), encoder, 64)
    assert [(part.dataset, part.side) for part in parts] == [("one", "test")]
