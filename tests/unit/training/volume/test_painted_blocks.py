"""Training blocks: a pair differs only where its lesion is, and the same seed draws the same blocks."""

import numpy as np
import pytest
import torch
from torch.nn.functional import max_pool3d

from tests.unit.training.volume.stacks import synthetic_stack
from training.volume.block_cut import SIDE
from training.volume.painted_blocks import CUTS, BlockBatch, PaintedBlocks

PAIRS = 2 * CUTS


def drawn(seed: int, marked: int = 2) -> BlockBatch:
    blocks = PaintedBlocks([synthetic_stack(), synthetic_stack(tumour=True)])
    return blocks.draw(PAIRS, marked, np.random.default_rng(seed))


@pytest.mark.parametrize("seed", range(3))
def test_a_pair_differs_where_its_lesion_is_and_nowhere_else(seed: int) -> None:
    batch = drawn(seed)
    plain, painted = batch.blocks[:PAIRS, 0].int(), batch.blocks[PAIRS : 2 * PAIRS, 0].int()
    new = batch.lesions[PAIRS : 2 * PAIRS] & ~batch.lesions[:PAIRS]
    change = (painted - plain).abs()
    assert new.any()
    assert change[new].float().mean() > 20
    near = max_pool3d(batch.lesions[PAIRS : 2 * PAIRS].float().unsqueeze(1), 7, stride=1, padding=3).squeeze(1) > 0
    assert change[~near].max() <= 16  # 60 HU are 13 grey levels, and the gain adds a little; a blur spreads the edge
    assert torch.equal(batch.masks[:PAIRS], batch.masks[PAIRS : 2 * PAIRS])


def test_a_batch_has_pairs_then_marked_blocks() -> None:
    batch = drawn(0)
    assert batch.blocks.shape == batch.masks.shape == (2 * PAIRS + 2, 1, SIDE, SIDE, SIDE)
    assert batch.lesions.shape == (2 * PAIRS + 2, SIDE, SIDE, SIDE)
    assert batch.lesions[2 * PAIRS :].flatten(1).any(dim=1).all()
    assert batch.trust[2 * PAIRS :].tolist() == pytest.approx([0.4, 0.4])


def test_the_same_seed_draws_the_same_blocks() -> None:
    assert torch.equal(drawn(5).blocks, drawn(5).blocks)
    assert not torch.equal(drawn(5).blocks, drawn(6).blocks)


def test_without_marked_stacks_there_are_pairs_alone() -> None:
    batch = PaintedBlocks([synthetic_stack()]).draw(CUTS, 3, np.random.default_rng(0))
    assert len(batch.blocks) == 2 * CUTS
