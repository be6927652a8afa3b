"""What an encoder tells of a data set whose labels it never saw: a linear classifier on its features, not fine-tuned.

It costs a minute where fine-tuning costs an hour, and has no randomness of its own.
"""

from collections.abc import Iterator, Mapping

import numpy as np

from screening.evaluation.metrics import Scores
from training.networks import Encoder
from training.prepared_data import PreparedData
from training.sampling import of_both_classes
from training.simclr_probe import Features, features_of, linear_scores, standardised
from training.slice_scores import PartScores


def left_out_probe(data: PreparedData, encoder: Encoder, size: int) -> list[PartScores]:
    """Scores of each trained-on data set with both classes: left out, and within.

    Left out: all its slices, by a fit on the training side of the other sets. Within: its test side, by a fit on its
    own training side.
    """
    rows = data.cache.rows
    trained = of_both_classes({index: rows[index] for index in data.training_slices()})
    fitted = [index for index in trained if rows[index].label is not None]
    names = {rows[index].dataset for index in fitted}
    judged = [index for index, row in enumerate(rows) if row.dataset in names and row.label is not None]
    features = dict(zip(judged, features_of(encoder, data.cache, judged, size), strict=True))
    return [part for name in sorted(names) for part in _parts(data, features, fitted, name)]


def _parts(data: PreparedData, features: Mapping[int, Features], fitted: list[int], name: str) -> Iterator[PartScores]:
    of_name: dict[bool, list[int]] = {True: [], False: []}
    for index in fitted:
        of_name[data.cache.rows[index].dataset == name].append(index)
    everything = [index for index in features if data.cache.rows[index].dataset == name]
    sides = (("left out", of_name[False], everything), ("test", of_name[True], data.evaluation_slices("test", [name])))
    for side, fit, judged in sides:
        if fit and judged:
            yield PartScores.of(data.cache, judged, side, _scores(data, features, fit, judged))


def _scores(data: PreparedData, features: Mapping[int, Features], fit: list[int], judged: list[int]) -> Scores:
    fit_features, others = (np.stack([features[index] for index in indices]) for indices in (fit, judged))
    labels = np.array([data.cache.rows[index].label for index in fit], np.int64)
    fit_features, others = standardised(fit_features, others)
    return linear_scores(fit_features, labels, others)
