"""Evaluation of one run of `finetune`: ROC-AUC by data set on slices of other patients -> run_evaluation.json.

The table of runs is made from these files, so no figure is typed by hand. The logit of each slice is kept beside, so
that runs can be compared slice by slice (`training/run_comparison.py`). Only the plain view is evaluated, since runs
are compared for their training, without the gain of test-time augmentation.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from screening.evaluation.bootstrap import DRAWS, interval
from screening.evaluation.metrics import Scores, roc_auc
from training.augmentation import plain_batch
from training.device import mixed_precision
from training.networks import Classifier, load_network
from training.prepared_data import PreparedData
from training.sampling import of_both_classes
from training.slice_cache import SliceCache
from training.slice_scores import PartScores, write_scores
from training.splits import Side
from training.training_run import write_json

BATCH: Final = 64
RESULTS: Final = "run_evaluation.json"
SETTINGS: Final = "settings.json"
SIDES: Final[tuple[Side, ...]] = ("validation", "test")


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
    parts = [part for side in SIDES for part in _parts(data, side, network, size)]
    write_scores(folder, parts)
    lines = [_line(part) for part in parts]
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


def _parts(data: PreparedData, side: Side, network: Classifier, size: int) -> Iterator[PartScores]:
    """The slices of each data set that has both classes on this side."""
    indices = of_both_classes({index: data.cache.rows[index] for index in data.evaluation_slices(side)})
    datasets = [data.cache.rows[index].dataset for index in indices]
    for name in sorted(set(datasets)):
        slices = [index for index, dataset in zip(indices, datasets, strict=True) if dataset == name]
        shown_side = "left out" if name in data.held_out else side
        yield PartScores.of(data.cache, slices, shown_side, scores_of(network, data.cache, slices, size))


def _line(part: PartScores) -> DataSetResult:
    auc = interval(roc_auc, part.labels, part.logits, part.patients, DRAWS)
    return DataSetResult(part.dataset, part.side, len(part.slices), auc.value, auc.low, auc.high)
