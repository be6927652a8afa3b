"""Stage 4: YOLO11-cls for the 16 findings, trained on labels where they are known and on soft targets otherwise."""

from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor

from screening.contract import FINDINGS
from training.augmentation import SUPERVISED, batch_of
from training.device import adamw, mixed_precision, select_device
from training.networks import Findings, save_network
from training.slice_cache import SliceCache, SliceRow
from training.training_run import TrainingRun
from training.training_schedule import Schedule
from training.weight_averaging import averaged_copy, update_average

LABEL_WEIGHT: Final = (
    0.6  # of a known label in the target; the remaining weight is on the scores of the published checkpoint
)


def target_of(row: SliceRow) -> np.typing.NDArray[np.float32] | None:
    """Probabilities of the 16 classes that add up to 1, or None when neither labels nor scores are known.

    Softmax cannot express "none of them": a slice labelled without findings has its soft targets only.
    """
    soft = np.array(row.scores, np.float32) if row.scores else None
    if not row.findings:
        return None if soft is None else np.asarray(soft / soft.sum(), np.float32)
    target = np.array([name in row.findings for name in FINDINGS], np.float32) / len(row.findings)
    if soft is not None:
        target = LABEL_WEIGHT * target + (1 - LABEL_WEIGHT) * soft / soft.sum()
    return np.asarray(target, np.float32)


def train_findings(cache: SliceCache, indices: list[int], schedule: Schedule, folder: Path) -> Findings:
    """Distil into YOLO11n-cls, resume from the state in `folder`, and write `findings.pt` there."""
    device = select_device(schedule)
    targets = {index: target for index in indices if (target := target_of(cache.rows[index])) is not None}
    probabilities = _drawing_probabilities(targets)
    network = Findings().to(device)
    average = averaged_copy(network)
    run = TrainingRun(folder, schedule, {"network": network, "average": average}, adamw(network, rate=schedule.rate))
    for step in run.steps("findings"):
        random = np.random.default_rng((schedule.seed, step))
        drawn = random.choice(np.array(list(targets)), schedule.batch, p=probabilities)
        views = batch_of(cache, drawn, schedule.size, random, SUPERVISED)
        network.train()
        with mixed_precision(device):
            logits = network.logits(((views + 1.0) * 127.5).to(device))
        expected = torch.from_numpy(np.stack([targets[index] for index in drawn.tolist()])).to(device)
        run.optimizer_step(soft_cross_entropy(logits.float(), expected))
        update_average(average, network, step)
    trained = average.cpu().eval()
    save_network(trained, folder / "findings.pt", cache.size)
    return trained


def soft_cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """Mean over slices of -sum(target * log softmax(logits)); both [N, 16]."""
    return -(targets * logits.log_softmax(dim=1)).sum(dim=1).mean()


def _drawing_probabilities(targets: dict[int, np.typing.NDArray[np.float32]]) -> np.typing.NDArray[np.float64]:
    """Probability of each slice to be drawn: proportional to 1 / sqrt(count of its most probable class)."""
    leading = np.array([target.argmax() for target in targets.values()])
    weight = 1.0 / np.sqrt(np.bincount(leading, minlength=len(FINDINGS))[leading])
    return np.asarray(weight / weight.sum(), np.float64)
