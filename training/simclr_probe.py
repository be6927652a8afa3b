"""Probes of the SimCLR encoder: a linear classifier and k nearest neighbours on its features."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from screening.evaluation.metrics import Labels, Scores, roc_auc
from training.augmentation import plain_batch
from training.networks import Encoder
from training.networks.scaling import signed
from training.slice_cache import SliceCache

NEIGHBOURS: Final = 20
RIDGE: Final = 1.0
BATCH: Final = 64

Features = NDArray[np.float64]


@dataclass(frozen=True)
class Probe:
    """ROC-AUC on slices of patients other than those of the fit."""

    linear: float
    nearest: float


def probe(encoder: Encoder, cache: SliceCache, fit: list[int], evaluated: list[int], size: int) -> Probe:
    """Fit on the labelled slices `fit`, evaluate on the labelled slices `evaluated`."""
    labels = [np.array([cache.rows[index].label for index in indices], np.int64) for indices in (fit, evaluated)]
    fit_features, features = (features_of(encoder, cache, indices, size) for indices in (fit, evaluated))
    fit_features, features = standardised(fit_features, features)
    return Probe(
        linear=roc_auc(labels[1], linear_scores(fit_features, labels[0], features)),
        nearest=roc_auc(labels[1], neighbour_scores(fit_features, labels[0], features)),
    )


@torch.inference_mode()
def features_of(encoder: Encoder, cache: SliceCache, indices: list[int], size: int) -> Features:
    """Pooled features [N, 512] of the plain views."""
    encoder.eval()
    batches = [
        encoder(signed(plain_batch(cache, np.array(indices[start : start + BATCH]), size)[0])).mean(dim=(2, 3))
        for start in range(0, len(indices), BATCH)
    ]
    return torch.cat(batches).double().numpy()


def standardised(fit_features: Features, features: Features) -> tuple[Features, Features]:
    """Both with the mean and the deviation of the features of the fit."""
    mean, deviation = fit_features.mean(axis=0), fit_features.std(axis=0) + 1e-6
    return (fit_features - mean) / deviation, (features - mean) / deviation


def linear_scores(fit_features: Features, labels: Labels, features: Features) -> Scores:
    """Scores of ridge regression on labels -1 and 1."""
    gram = fit_features.T @ fit_features + RIDGE * len(fit_features) / 10 * np.eye(fit_features.shape[1])
    weights = np.linalg.solve(gram, fit_features.T @ (2.0 * labels - 1.0))
    return np.asarray(features @ weights, np.float64)


def neighbour_scores(fit_features: Features, labels: Labels, features: Features) -> Scores:
    """Fraction of pathology among the nearest neighbours by cosine similarity, weighted by it."""
    fit_features, features = (rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (fit_features, features))
    similarity = features @ fit_features.T
    nearest = np.argsort(-similarity, axis=1)[:, : min(NEIGHBOURS, len(fit_features))]
    weights = np.exp(np.take_along_axis(similarity, nearest, axis=1) / 0.1)
    return np.asarray((weights * labels[nearest]).sum(axis=1) / weights.sum(axis=1), np.float64)
