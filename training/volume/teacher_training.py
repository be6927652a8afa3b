"""Stage `volume` with the teacher's trunk: its maps of some batches are kept, and the head alone learns from them.

The trunk does not change and costs a thousand times what the head does, so each batch is drawn and read by it once.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from training.device import adamw, select_device
from training.networks.checkpoints import save_network
from training.networks.expert import Expert3d
from training.networks.expert.teacher_backbone import TeacherBackbone
from training.networks.expert.teacher_trunk import TeacherTrunk
from training.training_run import TrainingRun
from training.training_schedule import Schedule
from training.volume.block_cut import SIDE
from training.volume.expert_loss import expert_loss
from training.volume.expert_training import EXPERT
from training.volume.kept_batches import KeptBatches
from training.volume.training_stack import TrainingStack
from training.weight_averaging import averaged_copy, update_average

MAPS: Final = "teacher-maps"  # beside the runs: a run with the same blocks finds them


def train_teacher_head(
    stacks: Sequence[TrainingStack], schedule: Schedule, folder: Path, trunk: TeacherTrunk, batches: int
) -> Expert3d:
    """Train a head on this trunk's maps of so many batches, resume from the state in `folder`, write `expert.pt`."""
    device = select_device(schedule)
    backbone = TeacherBackbone(trunk).to(device)
    kept = KeptBatches(folder.parent / MAPS, backbone, stacks, schedule)
    head = backbone.head
    average = averaged_copy(head)
    run = TrainingRun(folder, schedule, {"head": head, "average": average}, adamw(head, rate=schedule.rate, decay=0.01))
    for step in run.steps("volume"):
        batch, maps = kept.read(step % batches, device)
        head.train()
        run.optimizer_step(expert_loss(head(maps).squeeze(1), batch))
        update_average(average, head, step)
    backbone.head.load_state_dict(average.state_dict())
    trained = Expert3d("teacher", backbone.cpu()).eval()
    save_network(trained, folder / EXPERT, SIDE)
    return trained
