"""Training blocks: a pair differs only where its lesion is, and the same seed draws the same blocks."""

import numpy as np
import pytest
import torch
from torch.nn.functional import max_pool3d

from tests.unit.training.volume.stacks import synthetic_stack
from training.synthesis.volume_lesions import LungStack, PaintedLesion, VolumeLesion, paint_lesion
from training.volume import painted_blocks
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


@pytest.mark.parametrize("pairs", range(CUTS, 2 * CUTS))
def test_a_batch_says_how_many_pairs_it_has(pairs: int) -> None:
    batch = PaintedBlocks([synthetic_stack()]).draw(pairs, 0, np.random.default_rng(0))
    assert len(batch.blocks) == 2 * batch.pairs
    assert not batch.lesions[: batch.pairs].any()
    assert batch.lesions[batch.pairs :].flatten(1).any(dim=1).all()


def test_a_second_lesion_is_painted_as_softly_as_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    painted: list[tuple[LungStack, PaintedLesion]] = []

    def recorded(stack: LungStack, lesion: VolumeLesion, random: np.random.Generator) -> PaintedLesion:
        painted.append((stack, paint_lesion(stack, lesion, random)))
        return painted[-1][1]

    monkeypatch.setattr(painted_blocks, "paint_lesion", recorded)
    monkeypatch.setattr(painted_blocks, "SECOND_LESION", 1.0)
    monkeypatch.setattr(painted_blocks, "VESSELS", 0.0)
    source = synthetic_stack().stack
    values = painted_blocks._painted(source, np.random.default_rng(0)).with_lesion
    (_, first), (with_first, two) = painted
    np.testing.assert_array_equal(with_first.values, first.on(source.values))
    np.testing.assert_array_equal(values, two.on(with_first.values))
    changed = values[two.window] != with_first.values[two.window]
    assert (changed & ~two.mask).any()  # its edge, beyond the half maximum


def test_vessels_are_painted_alike_without_and_with_the_lesion(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(painted_blocks, "VESSELS", 1.0)
    monkeypatch.setattr(painted_blocks, "SECOND_LESION", 0.0)
    source = synthetic_stack().stack
    vessels = alike = 0  # of one seed they may lie beside the lungs
    for seed in range(4):
        painted = painted_blocks._painted(source, np.random.default_rng(seed))
        new = painted.without != source.values
        vessels += int(new.sum())
        alike += int((painted.with_lesion == painted.without)[new].sum())
        assert (painted.without[new] > source.values[new]).all()
    assert vessels > 100
    assert alike > 0.5 * vessels


def test_the_same_seed_draws_the_same_blocks() -> None:
    assert torch.equal(drawn(5).blocks, drawn(5).blocks)
    assert not torch.equal(drawn(5).blocks, drawn(6).blocks)


def test_without_marked_stacks_there_are_pairs_alone() -> None:
    batch = PaintedBlocks([synthetic_stack()]).draw(CUTS, 3, np.random.default_rng(0))
    assert len(batch.blocks) == 2 * CUTS
