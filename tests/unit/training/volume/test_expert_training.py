"""The loss falls where it should, and a run writes a checkpoint that loads and resumes."""

from pathlib import Path

import numpy as np
import torch

from tests.unit.training.volume.stacks import synthetic_stack
from training.networks import load_network
from training.networks.expert import Expert3d
from training.training_schedule import Schedule
from training.volume.block_cut import SIDE
from training.volume.expert_loss import expert_loss
from training.volume.expert_training import EXPERT, train_expert
from training.volume.painted_blocks import CUTS, PaintedBlocks

STACKS = [synthetic_stack(), synthetic_stack(tumour=True)]


def test_cells_that_name_the_lesions_have_the_lowest_loss() -> None:
    batch = PaintedBlocks(STACKS).draw(CUTS, 2, np.random.default_rng(1))
    share = torch.nn.functional.avg_pool3d(batch.lesions.float().unsqueeze(1), 2).squeeze(1)
    right = torch.where(share > 0.2, 6.0, -6.0)
    losses = [float(expert_loss(cells, batch)) for cells in (right, torch.zeros_like(right), -right)]
    assert losses == sorted(losses)
    assert losses[0] < 0.3 * losses[1]


def test_a_run_writes_its_mean_and_resumes(tmp_path: Path) -> None:
    first = train_expert(STACKS, Schedule(1, 10, SIDE, 1e-3, threads=1), tmp_path, Expert3d("light"))
    loaded = load_network(Expert3d, tmp_path / EXPERT)
    assert all(torch.equal(one, loaded.state_dict()[name]) for name, one in first.state_dict().items())
    second = train_expert(STACKS, Schedule(2, 10, SIDE, 1e-3, threads=1), tmp_path, Expert3d("light"))
    assert not torch.equal(*(one.get_parameter("backbone.logit.weight") for one in (first, second)))
    assert torch.load(tmp_path / "state.pt", weights_only=True)["step"] == 2
