"""The dense loss falls where it should, is finite for every batch, and its targets are shares of cells."""

import math

import pytest
import torch

from training.dense_loss import dense_loss
from training.dense_targets import cell_targets, grown
from training.networks.dense_head import NOT_COUNTED, counted_cells, pooled
from training.training_batches import Kind, TrainingBatch

SIDE = 64


def test_a_cell_is_fully_positive_from_two_fifths_on() -> None:
    changed = torch.zeros(1, SIDE, SIDE)
    changed[0, :8, :8] = (torch.arange(64) < 13).reshape(8, 8)
    changed[0, 8:16, :4] = 1
    targets = cell_targets(changed)
    assert targets[0, 0, 0] == pytest.approx(2.5 * 13 / 64)
    assert targets[0, 1, 0] == 1.0
    assert targets.sum() == pytest.approx(2.5 * 13 / 64 + 1.0)


def test_cells_count_by_their_lung_and_that_of_their_neighbours() -> None:
    mask = torch.zeros(1, 1, SIDE, SIDE)
    mask[..., 24:32, 24:32] = 1
    assert torch.equal(counted_cells(mask)[0].nonzero(), torch.tensor([(r, c) for r in (2, 3, 4) for c in (2, 3, 4)]))


def test_the_logit_of_a_view_is_that_of_its_highest_cells_that_count() -> None:
    cells = torch.arange(64.0).reshape(1, 8, 8)
    counted = torch.zeros(1, 8, 8, dtype=torch.bool)
    counted[0, 0] = True
    assert pooled(cells, counted).item() == pytest.approx((7 + 6 + 5) / 3)
    assert pooled(cells, torch.zeros_like(counted)).item() == NOT_COUNTED


def test_growing_by_a_cell() -> None:
    one = torch.zeros(1, 8, 8, dtype=torch.bool)
    one[0, 4, 4] = True
    assert grown(one, 1).sum() == 9


def test_right_cells_cost_less_than_wrong_ones() -> None:
    batch = _batch()
    right = torch.full((6, 8, 8), -6.0)
    lesion = cell_targets(batch.maps) > 0
    for kind in (Kind.PAINTED, Kind.MARKED):
        right[batch.of(kind)] = torch.where(lesion[batch.of(kind)], 6.0, -6.0)
    right[batch.of(Kind.ILL), 3] = 6.0
    assert float(dense_loss(right, batch)) < 0.25
    assert float(dense_loss(-right, batch)) > 10.0
    assert math.isfinite(float(dense_loss(-right, batch)))


@pytest.mark.parametrize("kind", list(Kind))
def test_a_batch_may_lack_a_kind(kind: Kind) -> None:
    batch = _batch()
    pair = kind in (Kind.PLAIN, Kind.PAINTED)
    kept = ~(batch.of(Kind.PLAIN) | batch.of(Kind.PAINTED)) if pair else ~batch.of(kind)
    parts = TrainingBatch(batch.views[kept], batch.masks[kept], batch.maps[kept], batch.kinds[kept], batch.trust[kept])
    cells = torch.zeros(int(kept.sum()), 8, 8, requires_grad=True)
    (gradient,) = torch.autograd.grad(dense_loss(cells, parts), cells)
    assert gradient.isfinite().all()


def test_unpainted_lung_pulls_as_hard_as_it_is_trusted() -> None:
    pulls = []
    for trust in (1.0, 0.4):
        cells = torch.zeros(6, 8, 8, requires_grad=True)
        batch = _batch(trust)
        (gradient,) = torch.autograd.grad(dense_loss(cells, batch), cells)
        pulls.append(float(gradient[0, 7, 7]))
    assert pulls[0] > pulls[1] > 0


def _batch(trust: float = 1.0) -> TrainingBatch:
    """Two plain and painted views, a pathological one and one with a marked lesion; lesion and lungs are rectangles."""
    masks, maps = torch.zeros(6, SIDE, SIDE, dtype=torch.bool), torch.zeros(6, SIDE, SIDE, dtype=torch.bool)
    masks[:, 16:48, 8:56] = True
    maps[[0, 1, 2, 3, 5], 16:40, 16:40] = True
    kinds = [Kind.PLAIN, Kind.PLAIN, Kind.PAINTED, Kind.PAINTED, Kind.ILL, Kind.MARKED]
    trusts = torch.tensor([trust, 1.0, trust, 1.0, 0.15, 0.4])
    return TrainingBatch(
        torch.zeros(6, 1, SIDE, SIDE), masks, maps, torch.tensor([int(kind) for kind in kinds]), trusts
    )
