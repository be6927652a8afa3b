"""Evaluation of one run of `finetune`: ROC-AUC by data set on slices of other patients -> run_evaluation.json.

The table of runs is made from these files, so no figure is typed by hand. Only the plain view is evaluated, since runs
are compared for their training, without the gain of test-time augmentation.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from screening.evaluation.bootstrap import DRAWS, interval
from screening.evaluation.metrics import OneClass, Scores, roc_auc
from training.augmentation import plain_batch
from training.device import mixed_precision
from training.networks import Classifier, load_network
from training.prepared_data import PreparedData
from training.slice_cache import SliceCache
from training.training_run import write_json

BATCH: Final = 64
RESULTS: Final = "run_evaluation.json"
SETTINGS: Final = "settings.json"


@dataclass(frozen=True)
class DataSetResult:
    """ROC-AUC of single slices of one data set with its 95 % interval; `side` is validation, test or left out."""

    dataset: str
    side: str
    slices: int
    auc: float
    low: float
    high: float


@dataclass(frozen=True)
class EvaluatedRun:
    """A run: its name, settings of training, and a result for each data set and side."""

    name: str
    settings: dict[str, Any]
    lines: tuple[DataSetResult, ...]

    @classmethod
    def read(cls, folder: Path) -> "EvaluatedRun":
        """Read the files that `evaluate_run` and `finetune` have written into the run's folder."""
        lines = json.loads((folder / RESULTS).read_text("utf-8"))["lines"]
        settings = json.loads((folder / SETTINGS).read_text("utf-8"))
        return cls(folder.name, settings, tuple(DataSetResult(**line) for line in lines))


def evaluate_run(data: PreparedData, folder: Path, size: int) -> list[DataSetResult]:
    """Evaluate `classifier.pt` of this folder at `size` px on validation, test and held-out data sets."""
    network = load_network(Classifier, folder / "classifier.pt")
    lines = [
        line
        for side in ("validation", "test")
        for line in _lines(data, data.evaluation_slices(side), side, network, size)
    ]
    write_json(folder / RESULTS, {"size": size, "lines": [asdict(line) for line in lines]})
    return lines


@torch.inference_mode()
def scores_of(network: Classifier, cache: SliceCache, indices: Sequence[int], size: int) -> Scores:
    """Logits [N] of the plain views, computed in the precision of training."""
    network = network.eval().to(memory_format=torch.channels_last)
    parts = []
    for start in range(0, len(indices), BATCH):
        views, masks = plain_batch(cache, np.array(indices[start : start + BATCH]), size)
        with mixed_precision(torch.device("cpu")):
            parts.append(network(views, masks)[0][:, 0].float())
    return np.asarray(torch.cat(parts).double().numpy(), np.float64)


def _lines(data: PreparedData, indices: list[int], side: str, network: Classifier, size: int) -> list[DataSetResult]:
    scores = scores_of(network, data.cache, indices, size)
    rows = [data.cache.rows[index] for index in indices]
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
        shown_side = "left out" if name in data.held_out else side
        lines.append(DataSetResult(name, shown_side, int(chosen.sum()), auc.value, auc.low, auc.high))
    return lines
