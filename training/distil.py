"""Stage 1 with a teacher: an encoder is trained on all slices by distillation, beside SimCLR (`training/simclr.py`)."""

from pathlib import Path

import numpy as np
import torch
from lightly.loss import NTXentLoss

from training.device import adamw, mixed_precision, select_device, to_device
from training.distillation import Distillation, DistillationBatch
from training.networks import Encoder
from training.networks.encoder import Depth
from training.sampling import draw_of_one_set
from training.simclr import TEMPERATURE, ContrastiveNetwork, save_encoder
from training.slice_cache import SliceCache
from training.teacher_features import TeacherFeatures
from training.training_run import TrainingRun
from training.training_schedule import Schedule


def distil(
    cache: SliceCache,
    teacher: TeacherFeatures,
    indices: list[int],
    schedule: Schedule,
    folder: Path,
    contrast: float = 1.0,
    taught: float = 1.0,
    depth: Depth = 18,
) -> Encoder:
    """Train on those of these slices that the teacher has seen, two views of each; writes `encoder.pt` into `folder`.

    `contrast`: weight of the NT-Xent loss between the two views; `taught`: weight of the teacher's loss. A loss of
    weight 0 is left out, so that encoders can be compared that differ in their loss only. A stopped run resumes from
    the state in `folder`.
    """
    device = select_device(schedule)
    network, distillation = to_device(device, ContrastiveNetwork(depth)), to_device(device, Distillation(teacher))
    optimizer = adamw(network, distillation, rate=schedule.rate)
    run = TrainingRun(folder, schedule, {"network": network, "distillation": distillation}, optimizer)
    loss_of = NTXentLoss(temperature=TEMPERATURE)
    rows = {index: cache.rows[index] for index in indices if index in teacher.rows}
    for step in run.steps("distil"):
        random = np.random.default_rng((schedule.seed, step))
        drawn = draw_of_one_set(rows, schedule.batch, random).tolist()
        batch = DistillationBatch.draw(cache, teacher, drawn * 2, schedule.size, random).to(device)
        network.train()
        with mixed_precision(device):
            maps = network.encoder.maps(batch.views.contiguous(memory_format=torch.channels_last))
            loss = taught * distillation(maps, batch) if taught else torch.zeros(())
            projected = network.head(maps[-1].mean(dim=(2, 3)))
        if contrast:
            loss = loss + contrast * loss_of(*projected.float().chunk(2))
        run.optimizer_step(loss)
    save_encoder(network.encoder, folder)
    return network.encoder
