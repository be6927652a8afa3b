"""Stage 4: YOLO11-cls for the 16 findings, by true labels where there are some and soft targets for the rest."""

from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor

from screening.contract import FINDINGS
from training.augmentation import SUPERVISED, batch_of
from training.device import adamw, device_of, mixed_precision
from training.networks import Findings, save_network
from training.slice_cache import Cache, Row
from training.training_run import Run
from training.training_schedule import Schedule
from training.weight_averaging import averaged, follow

TRUTH: Final = 0.6  # of the target where a label is known; the scores of the published checkpoint are the rest


def target_of(row: Row) -> np.typing.NDArray[np.float32] | None:
    """Shares of the 16 classes that add up to 1, or None where neither labels nor scores are known.

    Softmax cannot say "none of them": a slice that is known to show nothing keeps its soft targets alone.
    """
    soft = np.array(row.scores, np.float32) if row.scores else None
    if not row.findings:
        return None if soft is None else np.asarray(soft / soft.sum(), np.float32)
    target = np.array([name in row.findings for name in FINDINGS], np.float32) / len(row.findings)
    if soft is not None:
        target = TRUTH * target + (1 - TRUTH) * soft / soft.sum()
    return np.asarray(target, np.float32)


def train_findings(cache: Cache, places: list[int], schedule: Schedule, folder: Path) -> Findings:
    """Distil into YOLO11n-cls, resume where `folder` stopped, and write `findings.pt` there."""
    device = device_of(schedule)
    targets = {place: target for place in places if (target := target_of(cache.rows[place])) is not None}
    chances = _chances(targets)
    network = Findings().to(device)
    average = averaged(network)
    run = Run(folder, schedule, {"network": network, "average": average}, adamw(network, rate=schedule.rate))
    for step in run.steps("findings"):
        random = np.random.default_rng((schedule.seed, step))
        drawn = random.choice(np.array(list(targets)), schedule.batch, p=chances)
        views = batch_of(cache, drawn, schedule.size, random, SUPERVISED)
        network.train()
        with mixed_precision(device):
            logits = network.logits(((views + 1.0) * 127.5).to(device))
        wanted = torch.from_numpy(np.stack([targets[place] for place in drawn.tolist()])).to(device)
        run.descend(soft_cross_entropy(logits.float(), wanted))
        follow(average, network, step)
    trained = average.cpu().eval()
    save_network(trained, folder / "findings.pt", cache.size)
    return trained


def soft_cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """Mean over slices of -sum(target * log softmax(logits)); both [N, 16]."""
    return -(targets * logits.log_softmax(dim=1)).sum(dim=1).mean()


def _chances(targets: dict[int, np.typing.NDArray[np.float32]]) -> np.typing.NDArray[np.float64]:
    """Slices of rare leading classes are drawn more often: by the root of one over the class's count."""
    leading = np.array([target.argmax() for target in targets.values()])
    weight = 1.0 / np.sqrt(np.bincount(leading, minlength=len(FINDINGS))[leading])
    return np.asarray(weight / weight.sum(), np.float64)
