"""Stage 1, SimCLR (Chen et al. 2020): an encoder is pretrained on all slices, without labels."""

from pathlib import Path

import numpy as np
import torch
from lightly.loss import NTXentLoss
from torch import Tensor, nn

from training.augmentation import CONTRASTIVE, batch_of
from training.device import adamw, mixed_precision, select_device, to_device
from training.networks import Encoder
from training.networks.encoder import CHANNELS, Depth
from training.sampling import draw_of_one_set
from training.slice_cache import SliceCache
from training.training_run import TrainingRun
from training.training_schedule import Schedule

TEMPERATURE = 0.2
PROJECTION_SIZE = 128


class ContrastiveNetwork(nn.Module):
    """Encoder, pooling, and the projection head, which is discarded after pretraining."""

    def __init__(self, depth: Depth = 18) -> None:
        super().__init__()
        self.encoder = Encoder(depth)
        self.head = nn.Sequential(
            nn.Linear(CHANNELS, CHANNELS, bias=False),
            nn.BatchNorm1d(CHANNELS),
            nn.ReLU(inplace=True),
            nn.Linear(CHANNELS, PROJECTION_SIZE),
        )

    def forward(self, views: Tensor) -> Tensor:
        """Signed views [N, 1, H, W] -> projections [N, 128]."""
        projected: Tensor = self.head(self.encoder(views).mean(dim=(2, 3)))
        return projected


def pretrain(cache: SliceCache, indices: list[int], schedule: Schedule, folder: Path, depth: Depth = 18) -> Encoder:
    """Train on these slices, resume from the state in `folder`, and write `encoder.pt` there."""
    device = select_device(schedule)
    network = to_device(device, ContrastiveNetwork(depth))
    optimizer = adamw(network, rate=schedule.rate, decay=1e-4)
    run = TrainingRun(folder, schedule, {"network": network}, optimizer)
    loss_of = NTXentLoss(temperature=TEMPERATURE)
    rows = {index: cache.rows[index] for index in indices}
    for step in run.steps("simclr"):
        random = np.random.default_rng((schedule.seed, step))
        drawn = draw_of_one_set(rows, schedule.batch, random)
        pair = [batch_of(cache, drawn, schedule.size, random, CONTRASTIVE) for _ in range(2)]
        network.train()
        with mixed_precision(device):
            projected = network(torch.cat(pair).to(device, memory_format=torch.channels_last))
        run.optimizer_step(loss_of(*projected.float().chunk(2)))
    save_encoder(network.encoder, folder)
    return network.encoder


def save_encoder(encoder: Encoder, folder: Path) -> None:
    """Write `encoder.pt`."""
    torch.save({"depth": encoder.depth, "weights": encoder.state_dict()}, folder / "encoder.pt")


def load_encoder(path: Path) -> Encoder:
    """The encoder that `save_encoder` has written; raises RuntimeError for a missing or unknown key."""
    checkpoint = torch.load(path, weights_only=True)
    encoder = Encoder(checkpoint["depth"])
    encoder.load_state_dict(checkpoint["weights"], strict=True)
    return encoder
