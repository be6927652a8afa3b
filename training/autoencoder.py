"""Stage 2: the autoencoder learns to redraw normal lungs, and nothing else."""

from pathlib import Path

import numpy as np
import torch

from training.cache import Cache
from training.computing import adamw, device_of, mixed_precision, on
from training.networks import Autoencoder, save_network
from training.run import Run
from training.schedule import Schedule


class NotNormal(Exception):
    """A slice that is not labelled normal was given to the autoencoder."""


def train_autoencoder(
    cache: Cache, places: list[int], schedule: Schedule, folder: Path, latent: int = 32
) -> Autoencoder:
    """Train on these slices, all of them normal, resume where `folder` stopped, and write `autoencoder.pt` there.

    The loss is what serving reports: the mean squared error inside the lung mask. Views are as served, mirrored or
    in their other look, not distorted: what is unusual must stay unusual.
    """
    if any(cache.rows[place].label != 0 for place in places):
        raise NotNormal("the autoencoder is trained on normal slices alone")
    device = device_of(schedule)
    network = on(device, Autoencoder(latent))
    optimizer = adamw(network, rate=schedule.rate, decay=1e-4)
    run = Run(folder, schedule, {"network": network}, optimizer)
    for step in run.steps("autoencoder"):
        random = np.random.default_rng((schedule.seed, step))
        views, masks = _batch(cache, random.choice(places, schedule.batch), schedule.size, random)
        network.train()
        with mixed_precision(device):
            error, _ = network(views.to(device), masks.to(device))
        run.descend(error.float().mean())
    trained = network.cpu().eval()
    save_network(trained, folder / "autoencoder.pt", cache.size)
    return trained


def _batch(
    cache: Cache, places: np.typing.NDArray[np.int64], size: int, random: np.random.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """Views uint8 [N, 1, 1, size, size] and masks uint8 [N, 1, size, size] of either look, half of them mirrored."""
    looks = random.integers(0, cache.looks.shape[1], len(places))
    pairs = torch.from_numpy(np.stack([cache.looks[places, looks], cache.masks[places, looks]], axis=1))
    if size != cache.size:
        pairs = torch.nn.functional.interpolate(pairs, size, mode="nearest")
    mirrored = torch.from_numpy(random.random(len(places)) < 0.5)
    pairs[mirrored] = pairs[mirrored].flip(3)
    return pairs[:, None, :1], pairs[:, 1:]
