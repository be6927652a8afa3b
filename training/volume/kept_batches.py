"""Batches of blocks with the maps of the teacher's trunk, on disk: 1.3 MB a block, in half precision."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor

from training.networks.expert.grey_scale import signed
from training.networks.expert.teacher_backbone import TeacherBackbone
from training.training_schedule import Schedule
from training.volume.painted_blocks import BlockBatch, PaintedBlocks, drawn_batch
from training.volume.training_stack import TrainingStack

AT_ONCE: Final = 4  # blocks


class KeptBatches:
    """The batches of a schedule, each drawn and read by the trunk when it is asked for first.

    `folder` may hold those of other schedules, volumes and trunks: a batch is found by what it was made of.
    """

    def __init__(
        self, folder: Path, backbone: TeacherBackbone, stacks: Sequence[TrainingStack], schedule: Schedule
    ) -> None:
        self._folder = folder / _origin(backbone, stacks, schedule)
        self._folder.mkdir(parents=True, exist_ok=True)
        self._backbone, self._blocks, self._schedule = backbone, PaintedBlocks(stacks), schedule

    def read(self, number: int, device: torch.device) -> tuple[BlockBatch, list[Tensor]]:
        """A batch, and the maps that the head is given."""
        path = self._folder / f"{number}.pt"
        if not path.is_file():
            self._keep(number, path, device)
        kept = torch.load(path, weights_only=True)
        batch = BlockBatch(**kept["batch"]).to(device)
        return batch, [one.to(device).float() for one in kept["maps"]]

    def _keep(self, number: int, path: Path, device: torch.device) -> None:
        batch = drawn_batch(self._blocks, self._schedule, number)
        parts = [self._backbone.maps(signed(some.to(device))) for some in torch.split(batch.blocks, AT_ONCE)]
        maps = [torch.cat(stage).half().cpu() for stage in zip(*parts, strict=True)]
        part = path.with_suffix(".part")
        torch.save({"batch": asdict(batch), "maps": maps}, part)
        part.replace(path)


def _origin(backbone: TeacherBackbone, stacks: Sequence[TrainingStack], schedule: Schedule) -> str:
    """A digest of all that a batch is made of."""
    digest = hashlib.sha256(f"{schedule.seed} {schedule.batch} {schedule.size}".encode())
    for weight in backbone.trunk.state_dict().values():
        digest.update(weight.cpu().numpy().tobytes())
    for one in stacks:
        digest.update(f"{one.name} {one.trust} {one.heights_mm.tolist()}".encode())
        for array in (one.stack.values, one.stack.lungs, one.lesions):
            digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()[:16]
