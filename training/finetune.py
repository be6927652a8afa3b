"""Stage 3: normal or pathology, from the SimCLR encoder or, as the baseline beside it, from nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from training.device import adamw, device_of, mixed_precision, on
from training.mixstyle import Mixing
from training.networks import Classifier, Encoder, load_network, save_network
from training.networks.encoder import Depth
from training.sampling import EVEN
from training.slice_cache import Cache
from training.training_batches import Lessons, lesson_loss
from training.training_run import Run
from training.training_schedule import Schedule
from training.weight_averaging import averaged, follow


@dataclass(frozen=True)
class Start:
    """What the classifier begins from: an encoder, a whole classifier, or nothing."""

    encoder: Encoder | None = None
    classifier: Path | None = None
    depth: Depth = 18

    def build(self) -> Classifier:
        """The network at its start."""
        if self.classifier is not None:
            return load_network(Classifier, self.classifier)
        return Classifier(self.depth, self.encoder)


def finetune(
    cache: Cache,
    places: list[int],
    schedule: Schedule,
    folder: Path,
    start: Start,
    weights: Mapping[str, float] = EVEN,
    painted: float = 0.0,
) -> Classifier:
    """Train on the labelled ones of these slices, resume where `folder` stopped, and write `classifier.pt` there.

    `weights` say how often a data set is drawn within its class, `painted` how much of a batch is pairs of slices
    without and with a synthetic lesion. What is written is the running mean of the weights.
    """
    device = device_of(schedule)
    network = on(device, start.build())
    average = averaged(network)
    mixing = Mixing(network.encoder.stages[0], network.encoder.stages[1])
    optimizer = adamw(network, rate=schedule.rate)
    run = Run(folder, schedule, {"network": network, "average": average}, optimizer)
    lessons = Lessons(cache, {place: cache.rows[place] for place in places}, painted, weights)
    for step in run.steps("finetune"):
        random = np.random.default_rng((schedule.seed, step))
        lesson = lessons.draw(schedule.batch, schedule.size, random)
        network.train()
        mixing.draw()
        with mixed_precision(device):
            cells = network.cells(lesson.views.to(device, memory_format=torch.channels_last))
        run.descend(lesson_loss(cells.float().mean(dim=(1, 2)), lesson))
        follow(average, network, step)
    trained = average.cpu().eval()
    save_network(trained, folder / "classifier.pt", cache.size)
    return trained
