"""The 3D expert: every backbone gives cells, one logit and one place; what does not count decides nothing."""

from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import torch

from screening.contract import BLOCK
from training.networks import load_network, save_network
from training.networks.dense_head import NOT_COUNTED
from training.networks.expert import BACKBONES, Backbone, Expert3d
from training.networks.expert.expert3d import _centre, counted_cells
from training.networks.expert.light_backbone import space_to_depth

CELLS = {
    "light": (16, 16, 16),
    "wide": (16, 16, 16),
    "r3d18": (4, 2, 2),
    "slowfast": (8, 1, 1),
    "teacher": (16, 16, 16),
}


def seeded(backbone: Backbone = "light") -> Expert3d:
    torch.manual_seed(0)
    return Expert3d(backbone).eval()


@pytest.mark.parametrize("backbone", get_args(Backbone))
def test_a_backbone_gives_cells_and_learns_in_all_its_weights_that_are_not_frozen(backbone: Backbone) -> None:
    network = seeded(backbone).train()
    blocks = torch.randint(0, 256, (2, 1, 32, 32, 32), dtype=torch.uint8)
    cells = network.cells(blocks)
    assert cells.shape == (2, *CELLS[backbone])
    cells.square().mean().backward()  # type: ignore[no-untyped-call]  # torch's stub
    frozen = {name for name, weight in network.named_parameters() if weight.grad is None}
    assert all(name.startswith("backbone.trunk.") for name in frozen)
    assert bool(frozen) == (backbone == "teacher")
    assert set(BACKBONES) == set(CELLS)


def test_the_logit_is_that_of_the_highest_cells_that_count_and_the_place_is_theirs() -> None:
    network = seeded()
    block = torch.randint(0, 256, (1, 1, *BLOCK), dtype=torch.uint8)
    mask = torch.zeros_like(block)
    mask[..., 10:30, 40:60, 20:40] = 1
    with torch.no_grad():
        logit, peak = network(block, mask)
        cells = network.cells(block)
    counted = counted_cells(mask, cells.shape[1:])
    highest = cells[counted].topk(network.pooled_cells(cells.shape[1:])).values
    assert float(logit) == pytest.approx(float(highest.mean()), abs=1e-5)
    place = np.unravel_index(int(torch.where(counted, cells, -99.0).argmax()), cells.shape[1:])
    assert peak[0].tolist() == [2 * float(one) + 0.5 for one in place]


def test_a_block_without_lung_says_nothing() -> None:
    block = torch.randint(0, 256, (1, 1, *BLOCK), dtype=torch.uint8)
    with torch.no_grad():
        logit, peak = seeded()(block, torch.zeros_like(block))
    assert float(logit) == NOT_COUNTED
    assert ((peak >= 0) & (peak < torch.tensor(BLOCK))).all()


def test_centres_of_cells_lie_in_the_middle_of_their_voxels() -> None:
    assert _centre(torch.tensor([0, 6 * 6 * 6 - 1]), torch.Size((6, 6, 6))).tolist() == [
        [3.5, 7.5, 7.5],
        [43.5, 87.5, 87.5],
    ]


def test_space_to_depth_keeps_every_voxel_of_a_cell() -> None:
    blocks = torch.arange(64.0).reshape(1, 1, 4, 4, 4)
    cells = space_to_depth(blocks)
    assert cells.shape == (1, 8, 2, 2, 2)
    assert sorted(cells[0, :, 1, 0, 1].tolist()) == sorted(blocks[0, 0, 2:, :2, 2:].flatten().tolist())


def test_a_checkpoint_gives_the_same_network(tmp_path: Path) -> None:
    network = seeded()
    save_network(network, tmp_path / "expert.pt", 32)
    loaded = load_network(Expert3d, tmp_path / "expert.pt")
    assert all(torch.equal(one, loaded.state_dict()[name]) for name, one in network.state_dict().items())
