"""Training of the autoencoder: from painted to normal slices, with a loss in the lungs only."""

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.unit.training.tiny_networks import write_slices
from training.autoencoder import NotNormalSlice, _batch, _drawn, restoring_loss, train_autoencoder
from training.prepared_data import read_entries
from training.slice_cache import PreparationSettings, SliceCache, prepare_cache
from training.training_schedule import Schedule


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> SliceCache:
    root = tmp_path_factory.mktemp("restoring")
    return prepare_cache(read_entries([f"slices={write_slices(root / 'slices')}"]), PreparationSettings(64, 4), root)


def test_the_loss_by_hand() -> None:
    restored, normal, lungs = torch.tensor([0.1, 1.0, 9.0]), torch.zeros(3), torch.tensor([1.0, 0.5, 0.0])
    # Below 0.2 half the square over 0.2, above it the distance less 0.1; the last one is outside the lungs.
    expected = (0.1**2 / 2 / 0.2 + 0.5 * (1.0 - 0.1)) / 1.5
    assert float(restoring_loss(restored, normal, lungs)) == pytest.approx(expected, rel=1e-5)


def test_most_slices_are_painted_and_only_in_their_lungs(cache: SliceCache) -> None:
    indices = [index for index, row in enumerate(cache.rows) if row.label == 0]
    painted, normal, masks = _batch(cache, indices, np.random.default_rng(0))
    changed = (painted != normal).flatten(1).any(dim=1)
    assert 0.3 < changed.float().mean() < 0.9
    share_inside = ((painted != normal) & (masks > 0)).sum() / (painted != normal).sum()
    assert share_inside > 0.5


def test_data_sets_are_drawn_evenly(cache: SliceCache) -> None:
    indices = [index for index, row in enumerate(cache.rows) if row.dataset == "one"] + [len(cache) - 1]
    drawn = _drawn(cache, indices, Schedule(1, 400, 64, 1e-3), np.random.default_rng(0))
    assert 0.4 < np.mean([index == len(cache) - 1 for index in drawn]) < 0.6


def test_a_pathological_slice_is_refused(cache: SliceCache, tmp_path: Path) -> None:
    with pytest.raises(NotNormalSlice):
        train_autoencoder(cache, list(range(len(cache))), Schedule(1, 2, 64, 1e-3), tmp_path)
