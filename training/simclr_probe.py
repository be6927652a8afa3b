"""Did SimCLR learn? A linear probe and k nearest neighbours on features that it never saw a label of."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from training.augmentation import plain_batch
from training.metrics import Labels, Scores, roc_auc
from training.networks import Encoder
from training.networks.scaling import signed
from training.slice_cache import Cache

NEIGHBOURS: Final = 20
RIDGE: Final = 1.0
BATCH: Final = 64

Features = NDArray[np.float64]


@dataclass(frozen=True)
class Probe:
    """ROC-AUC on slices of patients that the probe was not fitted on."""

    linear: float
    nearest: float


def probe(encoder: Encoder, cache: Cache, fit: list[int], judge: list[int], size: int) -> Probe:
    """Fit on the labelled slices `fit` and judge on `judge`."""
    labels = [np.array([cache.rows[place].label for place in places], np.int64) for places in (fit, judge)]
    known, asked = (features_of(encoder, cache, places, size) for places in (fit, judge))
    mean, deviation = known.mean(axis=0), known.std(axis=0) + 1e-6
    known, asked = (known - mean) / deviation, (asked - mean) / deviation
    return Probe(
        linear=roc_auc(labels[1], linear_scores(known, labels[0], asked)),
        nearest=roc_auc(labels[1], neighbour_scores(known, labels[0], asked)),
    )


@torch.inference_mode()
def features_of(encoder: Encoder, cache: Cache, places: list[int], size: int) -> Features:
    """Pooled features [N, 512] of the views as served."""
    encoder.eval()
    batches = [
        encoder(signed(plain_batch(cache, np.array(places[start : start + BATCH]), size))).mean(dim=(2, 3))
        for start in range(0, len(places), BATCH)
    ]
    return torch.cat(batches).double().numpy()


def linear_scores(known: Features, labels: Labels, asked: Features) -> Scores:
    """Ridge regression on labels -1 and 1."""
    gram = known.T @ known + RIDGE * len(known) / 10 * np.eye(known.shape[1])
    weights = np.linalg.solve(gram, known.T @ (2.0 * labels - 1.0))
    return np.asarray(asked @ weights, np.float64)


def neighbour_scores(known: Features, labels: Labels, asked: Features) -> Scores:
    """Share of pathology among the most similar slices, by cosine, weighted by similarity."""
    known, asked = (rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (known, asked))
    similarity = asked @ known.T
    nearest = np.argsort(-similarity, axis=1)[:, : min(NEIGHBOURS, len(known))]
    weights = np.exp(np.take_along_axis(similarity, nearest, axis=1) / 0.1)
    return np.asarray((weights * labels[nearest]).sum(axis=1) / weights.sum(axis=1), np.float64)
