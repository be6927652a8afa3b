"""The heatmap of a result on the slices that the networks saw: the map of the network that gave the slice its score."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from gateway.errors import NoResultObject
from gateway.result_objects.study_result import StudyResult
from screening.results.evidence import Evidence, MapKind


def evidence_of(result: StudyResult) -> Evidence:
    """The evidence of an analysed study; raises NoResultObject when there is none."""
    if result.reason is not None or result.evidence is None:
        raise NoResultObject("this result has no heatmap: the study was not analysed, or its maps are lost")
    if result.evidence.expert_key is not None:
        raise NoResultObject("this result has no heatmap: the 3D expert decided, which has none")
    return result.evidence


def activation_slices(evidence: Evidence) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Slice index and the classifier's activation [rows, columns], 0 to 1, of each slice that was seen."""
    for number, index in enumerate(evidence.slice_indices):
        yield index, np.clip(evidence.heatmap(MapKind.ACTIVATION, number), 0.0, 1.0)


def decisive_slices(evidence: Evidence) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """The same of the network with the higher part of the slice's score."""
    for number, index in enumerate(evidence.slice_indices):
        yield index, evidence.heatmap(evidence.decisive_map(number), number)
