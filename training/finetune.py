"""Stage 3: the classifier of normal and pathology, from the SimCLR encoder or, as a baseline, from random weights."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from training.auxiliary_teacher import AuxiliaryTeacher
from training.dense_loss import dense_loss
from training.device import dense_adamw, mixed_precision, select_device, to_device
from training.mixstyle import MixStyle
from training.networks import Classifier, Encoder, load_network, save_network
from training.networks.encoder import Depth
from training.sampling import EVEN
from training.slice_cache import SliceCache
from training.training_batches import Composition, TrainingBatches
from training.training_run import TrainingRun
from training.training_schedule import Schedule
from training.weight_averaging import averaged_copy, update_average


@dataclass(frozen=True)
class InitialWeights:
    """Initial weights of the classifier: an encoder, a whole classifier, or random ones."""

    encoder: Encoder | None = None
    classifier: Path | None = None
    depth: Depth = 18

    def build(self) -> Classifier:
        """The network with its initial weights."""
        if self.classifier is not None:
            return load_network(Classifier, self.classifier)
        return Classifier(self.depth, self.encoder)


def finetune(
    cache: SliceCache,
    indices: list[int],
    schedule: Schedule,
    folder: Path,
    start: InitialWeights,
    weights: Mapping[str, float] = EVEN,
    painted: float = 0.65,
    teacher: AuxiliaryTeacher | None = None,
) -> Classifier:
    """Train on these slices, resume from the state in `folder`, and write `classifier.pt` there.

    `weights`: how often a data set is drawn; `painted`: the fraction of a batch that is pairs of a slice without and
    with a painted lesion; `teacher`: a loss beside that of the labels. The running mean of the network's weights is
    written.
    """
    device = select_device(schedule)
    network = to_device(device, start.build())
    average = averaged_copy(network)
    mixing = MixStyle(network.encoder.stages[0], network.encoder.stages[1])
    beside = {"teacher": to_device(device, teacher)} if teacher else {}
    optimizer = dense_adamw(network.encoder, nn.ModuleList([network.head, *beside.values()]), schedule.rate)
    run = TrainingRun(folder, schedule, {"network": network, "average": average, **beside}, optimizer)
    batches = TrainingBatches(cache, {index: cache.rows[index] for index in indices}, weights)
    composition = Composition.of(schedule.batch, painted)
    for step in run.steps("finetune"):
        random = np.random.default_rng((schedule.seed, step))
        batch = batches.draw(composition, schedule.size, random)
        network.train()
        mixing.draw()
        with mixed_precision(device):
            cells = network.cells(batch.views.to(device, memory_format=torch.channels_last))
            taught = teacher(network.encoder, schedule.size, random, device) if teacher else torch.zeros(())
        run.optimizer_step(dense_loss(cells.float(), batch.to(device)) + taught)
        update_average(average, network, step)
    trained = average.cpu().eval()
    save_network(trained, folder / "classifier.pt", schedule.size)
    return trained
