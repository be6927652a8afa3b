"""Stage 2: the autoencoder learns to restore normal lungs from slices with synthetic lesions.

The error of plain reconstruction measures sharpness more than pathology, since vessels and noise are the hardest to
reconstruct. An autoencoder that learns to remove synthetic lesions from normal slices, and to change nothing else, has
an error where it removes something (Tan et al. 2021, detecting outliers with synthetic anomalies; Yao et al. 2021,
NormNet).
"""

from collections import defaultdict
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from training.device import adamw, mixed_precision, select_device, to_device
from training.networks import Autoencoder, save_network
from training.networks.scaling import signed
from training.slice_cache import SliceCache
from training.synthesis import with_lesion, with_neutral_change
from training.synthesis.lung_context import TooLittleLung
from training.training_run import TrainingRun
from training.training_schedule import Schedule

UNCHANGED_PROBABILITY: Final = 0.4  # of a slice without a lesion: normal lungs must stay unchanged

Bytes = np.typing.NDArray[np.uint8]


class NotNormalSlice(Exception):
    """The training slices of the autoencoder include one that is not labelled normal."""


def train_autoencoder(
    cache: SliceCache, indices: list[int], schedule: Schedule, folder: Path, latent: int = 32
) -> Autoencoder:
    """Train on these normal slices, resume from the state in `folder`, and write `autoencoder.pt` there.

    Views are those of serving or of the second crop, mirrored or not; they are not distorted, since a distortion would
    make unusual views usual. Raises NotNormalSlice.
    """
    if any(cache.rows[index].label != 0 for index in indices):
        raise NotNormalSlice("the autoencoder is trained on normal slices only; select them with label 0")
    device = select_device(schedule)
    network = to_device(device, Autoencoder(latent))
    optimizer = adamw(network, rate=schedule.rate, decay=1e-4)
    run = TrainingRun(folder, schedule, {"network": network}, optimizer)
    for step in run.steps("autoencoder"):
        random = np.random.default_rng((schedule.seed, step))
        painted, normal, masks = (
            part.to(device) for part in _batch(cache, _drawn(cache, indices, schedule, random), random)
        )
        network.train()
        with mixed_precision(device):
            restored = network.reconstruct(_halved(painted))
        run.optimizer_step(restoring_loss(restored.float(), _halved(normal), functional.avg_pool2d(masks.float(), 2)))
    trained = network.cpu().eval()
    save_network(trained, folder / "autoencoder.pt", cache.size)
    return trained


def restoring_loss(restored: Tensor, normal: Tensor, lungs: Tensor) -> Tensor:
    """Mean Huber loss (1964) of signed grey values [N, 1, H, W], weighted by the lungs."""
    losses = functional.smooth_l1_loss(restored, normal, reduction="none", beta=0.2)
    weighted: Tensor = (losses * lungs).sum() / lungs.sum().clamp(min=1.0)
    return weighted


def _drawn(cache: SliceCache, indices: list[int], schedule: Schedule, random: np.random.Generator) -> list[int]:
    """Slices drawn evenly from all data sets."""
    pools: dict[str, list[int]] = defaultdict(list)
    for index in indices:
        pools[cache.rows[index].dataset].append(index)
    chosen = random.choice(sorted(pools), schedule.batch)
    return [int(random.choice(pools[name])) for name in chosen]


def _batch(cache: SliceCache, indices: list[int], random: np.random.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Painted and normal views and lung masks, uint8 [N, 1, S, S] each."""
    triples = [_triple(cache, index, random) for index in indices]
    painted, normal, masks = (torch.from_numpy(np.stack(part))[:, None] for part in zip(*triples, strict=True))
    return painted, normal, masks


def _triple(cache: SliceCache, index: int, random: np.random.Generator) -> tuple[Bytes, Bytes, Bytes]:
    """One view of either crop, mirrored in half of the cases: with a lesion, without it, and its lung mask."""
    crop = random.integers(cache.views.shape[1])
    view, mask = (np.array(array[index, crop]) for array in (cache.views, cache.masks))
    if random.random() < 0.5:
        view, mask = np.ascontiguousarray(view[:, ::-1]), np.ascontiguousarray(mask[:, ::-1])
    normal = with_neutral_change(view, mask, random)
    if random.random() < UNCHANGED_PROBABILITY:
        return normal, normal, mask
    try:
        return with_lesion(normal, mask, random), normal, mask
    except TooLittleLung:
        return normal, normal, mask


def _halved(views: Tensor) -> Tensor:
    return functional.avg_pool2d(signed(views), 2)
