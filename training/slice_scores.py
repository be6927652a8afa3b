"""Logits of single slices of an evaluated run, in a table, so that runs can be compared slice by slice."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from screening.evaluation.metrics import Labels, Scores
from training.slice_cache import SliceCache

SCORES: Final = "run_scores.csv"
COLUMNS: Final = ("dataset", "side", "slice", "patient", "label", "logit")

Patients = NDArray[np.str_]


@dataclass(frozen=True)
class PartScores:
    """The slices of one data set on one side (validation, test or left out), all [N]; `slices` as in the cache."""

    dataset: str
    side: str
    slices: NDArray[np.int64]
    patients: Patients
    labels: Labels
    logits: Scores

    @classmethod
    def of(cls, cache: SliceCache, slices: Sequence[int], side: str, logits: Scores) -> Self:
        """Of labelled slices of one data set."""
        rows = [cache.rows[index] for index in slices]
        labels, patients = np.array([row.label for row in rows], np.int64), np.array([row.patient for row in rows])
        return cls(rows[0].dataset, side, np.array(slices, np.int64), patients, labels, logits)


def write_scores(folder: Path, parts: Iterable[PartScores]) -> None:
    """Write the table of a run into its folder."""
    with (folder / SCORES).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for part in parts:
            arrays = (part.slices, part.patients, part.labels, part.logits)
            for cells in zip(*(array.tolist() for array in arrays), strict=True):
                writer.writerow((part.dataset, part.side, *cells))


def read_scores(folder: Path) -> list[PartScores]:
    """Read what `write_scores` has written."""
    with (folder / SCORES).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    parts = groupby(rows, itemgetter("dataset", "side"))
    return [_part(dataset, side, list(members)) for (dataset, side), members in parts]


def _part(dataset: str, side: str, rows: list[dict[str, str]]) -> PartScores:
    slices, labels = (np.array([int(row[name]) for row in rows], np.int64) for name in ("slice", "label"))
    logits = np.array([float(row["logit"]) for row in rows], np.float64)
    return PartScores(dataset, side, slices, np.array([row["patient"] for row in rows]), labels, logits)
