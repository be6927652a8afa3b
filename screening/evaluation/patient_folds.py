"""Folds for cross-validation: all studies of a patient are in one fold, and each fold has patients of both classes."""

import hashlib
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from screening.evaluation.metrics import Labels


def patient_folds(
    labels: Labels, patients: NDArray[np.str_], folds: int
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """(training, test) indices of each fold. The same patients give the same folds, in whatever order they come.

    A patient with studies of both labels counts as pathological.
    """
    named, inverse = np.unique(patients, return_inverse=True)
    names = named.tolist()
    pathological = np.zeros(len(names), np.int64)
    np.maximum.at(pathological, inverse, labels)
    fold_of = np.zeros(len(names), np.int64)
    for kind in (0, 1):
        mine = sorted(np.flatnonzero(pathological == kind), key=lambda number: _digest(names[number]))
        fold_of[mine] = np.arange(len(mine)) % folds
    numbers = fold_of[inverse]
    for fold in range(folds):
        yield np.flatnonzero(numbers != fold), np.flatnonzero(numbers == fold)


def _digest(patient: str) -> bytes:
    return hashlib.sha256(patient.encode(errors="surrogateescape")).digest()
