"""Stage 2: the autoencoder learns to turn lungs with painted lesions into the normal ones that they were.

Plain redrawing measures sharpness before illness: vessels and grain are the hardest to redraw. An autoencoder that is
taught to undo synthetic lesions on normal slices, and to leave the rest alone, measures what it would undo (Tan et al.
2021, detecting outliers with synthetic anomalies; Yao et al. 2021, NormNet).
"""

from collections import defaultdict
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from training.device import adamw, device_of, mixed_precision, on
from training.networks import Autoencoder, save_network
from training.networks.scaling import signed
from training.slice_cache import Cache
from training.synthesis import untouched_or_null, with_lesion
from training.synthesis.lung_context import NoRoom
from training.training_run import Run
from training.training_schedule import Schedule

UNTOUCHED: Final = 0.4  # of the slices: normal lungs must stay as they are

Bytes = np.typing.NDArray[np.uint8]


class NotNormal(Exception):
    """A slice that is not labelled normal was given to the autoencoder."""


def train_autoencoder(
    cache: Cache, places: list[int], schedule: Schedule, folder: Path, latent: int = 32
) -> Autoencoder:
    """Train on these slices, all of them normal, resume where `folder` stopped, and write `autoencoder.pt` there.

    Views are as served, mirrored or in their other look, not distorted: what is unusual must stay unusual.
    """
    if any(cache.rows[place].label != 0 for place in places):
        raise NotNormal("the autoencoder is trained on normal slices alone")
    device = device_of(schedule)
    network = on(device, Autoencoder(latent))
    optimizer = adamw(network, rate=schedule.rate, decay=1e-4)
    run = Run(folder, schedule, {"network": network}, optimizer)
    for step in run.steps("autoencoder"):
        random = np.random.default_rng((schedule.seed, step))
        painted, normal, masks = (
            part.to(device) for part in _batch(cache, _drawn(cache, places, schedule, random), random)
        )
        network.train()
        with mixed_precision(device):
            redrawn = network.reconstruct(_halved(painted))
        run.descend(restoring_loss(redrawn.float(), _halved(normal), functional.avg_pool2d(masks.float(), 2)))
    trained = network.cpu().eval()
    save_network(trained, folder / "autoencoder.pt", cache.size)
    return trained


def restoring_loss(redrawn: Tensor, normal: Tensor, lungs: Tensor) -> Tensor:
    """Mean distance of signed grey values [N, 1, H, W] inside the lungs, squared where it is small (Huber 1964)."""
    gaps = functional.smooth_l1_loss(redrawn, normal, reduction="none", beta=0.2)
    weighted: Tensor = (gaps * lungs).sum() / lungs.sum().clamp(min=1.0)
    return weighted


def _drawn(cache: Cache, places: list[int], schedule: Schedule, random: np.random.Generator) -> list[int]:
    """As many slices of each data set."""
    pools: dict[str, list[int]] = defaultdict(list)
    for place in places:
        pools[cache.rows[place].dataset].append(place)
    chosen = random.choice(sorted(pools), schedule.batch)
    return [int(random.choice(pools[name])) for name in chosen]


def _batch(cache: Cache, places: list[int], random: np.random.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Painted and normal views and lung masks, uint8 [N, 1, S, S] each."""
    triples = [_triple(cache, place, random) for place in places]
    painted, normal, masks = (torch.from_numpy(np.stack(part))[:, None] for part in zip(*triples, strict=True))
    return painted, normal, masks


def _triple(cache: Cache, place: int, random: np.random.Generator) -> tuple[Bytes, Bytes, Bytes]:
    """One slice of either look, half of them mirrored: painted, as it was, and where its lungs are."""
    look = random.integers(cache.looks.shape[1])
    view, mask = (np.array(array[place, look]) for array in (cache.looks, cache.masks))
    if random.random() < 0.5:
        view, mask = np.ascontiguousarray(view[:, ::-1]), np.ascontiguousarray(mask[:, ::-1])
    normal = untouched_or_null(view, mask, random)
    if random.random() < UNTOUCHED:
        return normal, normal, mask
    try:
        return with_lesion(normal, mask, random), normal, mask
    except NoRoom:
        return normal, normal, mask


def _halved(views: Tensor) -> Tensor:
    return functional.avg_pool2d(signed(views), 2)
