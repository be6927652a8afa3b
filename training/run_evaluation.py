"""What one run of `finetune` is worth: ROC-AUC by data set on slices of patients that it never saw -> judged.json.

Runs are compared by these files, so that a table of runs holds nothing that was typed by hand. Views are judged as
they are, without the other four: what training does is to be compared, not what test-time augmentation adds.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from training.augmentation import plain_batch
from training.bootstrap import DRAWS, interval
from training.device import mixed_precision
from training.metrics import OneClass, Scores, roc_auc
from training.networks import Classifier, load_network
from training.prepared_data import Workbench
from training.slice_cache import Cache
from training.training_run import write_json

BATCH: Final = 64
JUDGED: Final = "judged.json"
SETTINGS: Final = "settings.json"


@dataclass(frozen=True)
class Line:
    """ROC-AUC of single slices of one data set with its interval; `side` is validation, test or left out."""

    dataset: str
    side: str
    slices: int
    auc: float
    low: float
    high: float


@dataclass(frozen=True)
class JudgedRun:
    """A run by its name, how it was trained, and a line for each data set and side."""

    name: str
    settings: dict[str, Any]
    lines: tuple[Line, ...]

    @classmethod
    def read(cls, folder: Path) -> "JudgedRun":
        """What `judge_run` and `finetune` wrote into the run's folder."""
        lines = json.loads((folder / JUDGED).read_text("utf-8"))["lines"]
        settings = json.loads((folder / SETTINGS).read_text("utf-8"))
        return cls(folder.name, settings, tuple(Line(**line) for line in lines))


def judge_run(bench: Workbench, folder: Path, size: int) -> list[Line]:
    """Judge `classifier.pt` of this folder at `size` px on validation, test and whole data sets that were held out."""
    network = load_network(Classifier, folder / "classifier.pt")
    lines = [
        line for side in ("validation", "test") for line in _lines(bench, bench.judging(side), side, network, size)
    ]
    write_json(folder / JUDGED, {"size": size, "lines": [asdict(line) for line in lines]})
    return lines


@torch.inference_mode()
def scores_of(network: Classifier, cache: Cache, places: Sequence[int], size: int) -> Scores:
    """Logits [N] of the plain views, in the precision of training."""
    network = network.eval().to(memory_format=torch.channels_last)
    parts = []
    for start in range(0, len(places), BATCH):
        views = plain_batch(cache, np.array(places[start : start + BATCH]), size)
        with mixed_precision(torch.device("cpu")):
            parts.append(network(views[:, None])[0][:, 0].float())
    return np.asarray(torch.cat(parts).double().numpy(), np.float64)


def _lines(bench: Workbench, places: list[int], side: str, network: Classifier, size: int) -> list[Line]:
    scores = scores_of(network, bench.cache, places, size)
    rows = [bench.cache.rows[place] for place in places]
    datasets = np.array([row.dataset for row in rows])
    labels = np.array([row.label for row in rows], np.int64)
    patients = np.array([row.patient for row in rows])
    lines = []
    for name in sorted(set(datasets.tolist())):
        chosen = datasets == name
        try:
            auc = interval(roc_auc, labels[chosen], scores[chosen], patients[chosen], DRAWS)
        except OneClass:
            continue
        where = "left out" if name in bench.held_out else side
        lines.append(Line(name, where, int(chosen.sum()), auc.value, auc.low, auc.high))
    return lines
