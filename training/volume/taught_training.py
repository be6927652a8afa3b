"""Stage `volume` with a teacher: a light network learns what the teacher's trunk sees, and what a head on it says.

The trunk is a third party's, and costs three to seven times as much to serve. It tells small nodules from vessels,
though, which painted lesions alone did not teach the light network (docs/adr/0022). A head on it learns in the same
steps.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.device import adamw, select_device
from training.networks.checkpoints import save_network
from training.networks.expert import Backbone, Expert3d
from training.networks.expert.expert3d import counted_cells
from training.networks.expert.grey_scale import signed
from training.networks.expert.light_backbone import Features, LightBackbone
from training.networks.expert.teacher_backbone import TeacherBackbone
from training.networks.expert.teacher_trunk import TeacherTrunk
from training.training_run import TrainingRun
from training.training_schedule import Schedule
from training.volume.block_cut import SIDE
from training.volume.expert_loss import expert_loss
from training.volume.expert_training import EXPERT
from training.volume.painted_blocks import BlockBatch, PaintedBlocks, drawn_batch
from training.volume.training_stack import TrainingStack
from training.weight_averaging import averaged_copy, update_average

TAUGHT: Final[tuple[Backbone, ...]] = ("light", "wide")
TEACHER: Final = "teacher.pt"  # the head that taught, an expert as well
SEEN: Final = 1.0  # weight of the teacher's maps beside the loss of the labels,
SAID: Final = 0.3  # and of the logits of its cells
LOGITS: Final = (-5.0, 8.0)  # what lies beyond tells no more
DOUBTFUL: Final = -2.0  # cells that the teacher puts above this logit count once more


class TeachersView(nn.Module):
    """From the light network's features to what the teacher's first two stages see of the same place."""

    def __init__(self, student: LightBackbone, teacher: TeacherTrunk) -> None:
        super().__init__()
        _, first, second = teacher.channels
        fine, middle = student.logit.in_channels, student.from_middle.in_channels
        self.of_fine, self.of_middle = nn.Conv3d(fine, first, 1), nn.Conv3d(middle, second, 1)
        self.scale_first = nn.BatchNorm3d(first, affine=False, momentum=0.02)
        self.scale_second = nn.BatchNorm3d(second, affine=False, momentum=0.02)

    def loss(self, features: Features, maps: Sequence[Tensor]) -> Tensor:
        """Smooth difference (Huber 1964) of both stages, each channel of the teacher in its own standard deviations."""
        _, first, second = maps
        pairs = (
            (self.of_fine(_in_plane(features.fine)), self.scale_first(first)),
            (self.of_middle(_in_plane(features.middle)), self.scale_second(second)),
        )
        return torch.stack([functional.smooth_l1_loss(seen, expected) for seen, expected in pairs]).sum()


def train_taught(
    stacks: Sequence[TrainingStack], schedule: Schedule, folder: Path, trunk: TeacherTrunk, backbone: Backbone
) -> Expert3d:
    """Train a network of `TAUGHT` and its teacher's head, resume from the state in `folder`, write both there."""
    device = select_device(schedule)
    student = Expert3d(backbone).to(device).to(memory_format=torch.channels_last_3d)
    light = cast("LightBackbone", student.backbone)
    teacher = TeacherBackbone(trunk).to(device).to(memory_format=torch.channels_last_3d)
    view = TeachersView(light, trunk).to(device)
    averages = averaged_copy(student), averaged_copy(teacher.head)
    optimizer = adamw(student, view, teacher.head, rate=schedule.rate, decay=0.01)
    modules = {"student": student, "view": view, "head": teacher.head, "student_average": averages[0]}
    run = TrainingRun(folder, schedule, modules | {"head_average": averages[1]}, optimizer)
    blocks = PaintedBlocks(stacks)
    for step in run.steps("volume"):
        batch = drawn_batch(blocks, schedule, step).to(device)
        student.train()
        teacher.head.train()
        maps = teacher.maps(signed(batch.blocks))
        said = teacher.head(maps).squeeze(1)
        features = light.features(signed(batch.blocks))
        cells = light.logit(features.fine).squeeze(1)
        taught = SEEN * view.loss(features, maps) + SAID * _cells_loss(cells, said.detach(), batch)
        run.optimizer_step(expert_loss(cells, batch) + taught + expert_loss(said, batch))
        for average, network in zip(averages, (student, teacher.head), strict=True):
            update_average(average, network, step)
    teacher.head.load_state_dict(averages[1].state_dict())
    save_network(Expert3d("teacher", teacher.cpu()).eval(), folder / TEACHER, SIDE)
    trained = averages[0].cpu().eval()
    save_network(trained, folder / EXPERT, SIDE)
    return trained


def _cells_loss(cells: Tensor, said: Tensor, batch: BlockBatch) -> Tensor:
    """Smooth difference of the cells' logits, over all cells that count and once more over doubtful ones."""
    counted = counted_cells(batch.masks, cells.shape[1:])
    doubtful = counted & (said > DOUBTFUL)
    difference = functional.smooth_l1_loss(cells, said.clamp(*LOGITS), reduction="none")
    return torch.stack([(difference * where).sum() / where.sum().clamp(min=1) for where in (counted, doubtful)]).sum()


def _in_plane(features: Tensor) -> Tensor:
    """Halved in the plane alone, as the teacher's stages are beside the light network's levels."""
    return functional.avg_pool3d(features, (1, 2, 2))
