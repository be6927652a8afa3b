"""Stage `volume`: the 3D expert, from volumes with lesions painted in three dimensions and from marked tumours."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import torch

from training.device import adamw, select_device
from training.networks.checkpoints import load_network, save_network
from training.networks.expert import Expert3d
from training.training_run import TrainingRun
from training.training_schedule import Schedule
from training.volume.block_cut import SIDE
from training.volume.expert_loss import expert_loss
from training.volume.painted_blocks import PaintedBlocks, drawn_batch
from training.volume.training_stack import TrainingStack
from training.weight_averaging import averaged_copy, mean_of, update_average

EXPERT: Final = "expert.pt"
BATCH_STEP: Final = 10  # two fifths of a batch are then a whole number of times `CUTS` pairs


def train_expert(
    stacks: Sequence[TrainingStack], schedule: Schedule, folder: Path, network: Expert3d, kept: Sequence[int] = ()
) -> Expert3d:
    """Train this network on these stacks, resume from the state in `folder`, and write `expert.pt` there.

    After the steps of `kept` the weights are written as `expert_STEP.pt`, and `expert.pt` is their mean: on few normal
    volumes the last weights know those by heart, and one step's are an accident (docs/adr/0022-the-3d-expert.md).
    Of the backbone `teacher` only the head learns. Full precision: on a CPU without instructions for it, convolutions
    in three dimensions in bfloat16 take thirteen times as long. Channels last saves a third.
    """
    device = select_device(schedule)
    network = network.to(device).to(memory_format=torch.channels_last_3d)
    average = averaged_copy(network)
    run = TrainingRun(
        folder, schedule, {"network": network, "average": average}, adamw(network, rate=schedule.rate, decay=0.01)
    )
    blocks = PaintedBlocks(stacks)
    for step in run.steps("volume"):
        batch = drawn_batch(blocks, schedule, step).to(device)
        network.train()
        run.optimizer_step(expert_loss(network.cells(batch.blocks), batch))
        update_average(average, network, step)
        if step + 1 in kept:
            save_network(averaged_copy(average).cpu(), _kept(folder, step + 1), SIDE)
    trained = mean_of([load_network(Expert3d, _kept(folder, step)) for step in kept]) if kept else average.cpu().eval()
    save_network(trained, folder / EXPERT, SIDE)
    return trained


def _kept(folder: Path, step: int) -> Path:
    return folder / f"expert_{step}.pt"
