"""Stage 1, SimCLR (Chen et al. 2020): an encoder learns to know a slice again, from all slices, without labels."""

from pathlib import Path

import numpy as np
import torch
from lightly.loss import NTXentLoss
from torch import Tensor, nn

from training.augmentation import CONTRASTIVE, batch_of
from training.device import adamw, device_of, mixed_precision, on
from training.networks import Encoder
from training.networks.encoder import CHANNELS, Depth
from training.sampling import draw_of_one_set
from training.slice_cache import Cache
from training.training_run import Run
from training.training_schedule import Schedule

TEMPERATURE = 0.2
PROJECTED = 128


class Contrast(nn.Module):
    """Encoder, pooling, and the projection head that is thrown away afterwards."""

    def __init__(self, depth: Depth = 18) -> None:
        super().__init__()
        self.encoder = Encoder(depth)
        self.head = nn.Sequential(
            nn.Linear(CHANNELS, CHANNELS, bias=False),
            nn.BatchNorm1d(CHANNELS),
            nn.ReLU(inplace=True),
            nn.Linear(CHANNELS, PROJECTED),
        )

    def forward(self, views: Tensor) -> Tensor:
        """Signed views [N, 1, H, W] -> projections [N, 128]."""
        projected: Tensor = self.head(self.encoder(views).mean(dim=(2, 3)))
        return projected


def pretrain(cache: Cache, places: list[int], schedule: Schedule, folder: Path, depth: Depth = 18) -> Encoder:
    """Train on these slices, resume where `folder` stopped, and write `encoder.pt` there."""
    device = device_of(schedule)
    network = on(device, Contrast(depth))
    optimizer = adamw(network, rate=schedule.rate, decay=1e-4)
    run = Run(folder, schedule, {"network": network}, optimizer)
    loss_of = NTXentLoss(temperature=TEMPERATURE)
    rows = {place: cache.rows[place] for place in places}
    for step in run.steps("simclr"):
        random = np.random.default_rng((schedule.seed, step))
        drawn = draw_of_one_set(rows, schedule.batch, random)
        pair = [batch_of(cache, drawn, schedule.size, random, CONTRASTIVE) for _ in range(2)]
        network.train()
        with mixed_precision(device):
            projected = network(torch.cat(pair).to(device, memory_format=torch.channels_last))
        run.descend(loss_of(*projected.float().chunk(2)))
    torch.save({"depth": depth, "weights": network.encoder.state_dict()}, folder / "encoder.pt")
    return network.encoder


def load_encoder(path: Path) -> Encoder:
    """The encoder that `pretrain` wrote; a missing or foreign key raises RuntimeError."""
    checkpoint = torch.load(path, weights_only=True)
    encoder = Encoder(checkpoint["depth"])
    encoder.load_state_dict(checkpoint["weights"], strict=True)
    return encoder
