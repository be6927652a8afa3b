"""Normal slices with one lesion of each finding, as serving would see them: the ground of some comparisons."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from training.finding_comparisons import FindingValues
from training.predictions import BATCH, Network
from training.slice_cache import SliceCache, SliceRow
from training.synthesis import KINDS_OF_FINDING, with_lesion_of
from training.synthesis.lung_context import TooLittleLung

SLICES_OF_A_PATIENT: Final = 3
SEED: Final = 11


def painted_findings(cache: SliceCache, indices: Sequence[int], findings: Network) -> FindingValues:
    """The values of the network for normal slices among `indices`, each with a lesion of every finding that is painted.

    At most `SLICES_OF_A_PATIENT` slices of a patient, so that no patient outweighs the others.
    """
    views, masks, rows = [], [], []
    for index in _few_of_each_patient(cache, indices):
        for name, kinds in KINDS_OF_FINDING.items():
            random = np.random.default_rng((SEED, index, list(KINDS_OF_FINDING).index(name)))
            kind = kinds[int(random.integers(len(kinds)))]
            view, mask = np.array(cache.views[index, 0]), np.array(cache.masks[index, 0])
            try:
                painted, _ = with_lesion_of(kind, view, mask, random)
            except TooLittleLung:
                continue
            views.append(painted[np.newaxis])
            masks.append(np.array(cache.counted[index, :1]))
            rows.append(replace(cache.rows[index], findings=kind.findings, label=1))
    values = [
        findings(np.stack(views[start : start + BATCH]), np.stack(masks[start : start + BATCH]))
        for start in range(0, len(views), BATCH)
    ]
    return FindingValues(rows, np.concatenate(values) if values else np.zeros((0, 16), np.float32))


def _few_of_each_patient(cache: SliceCache, indices: Sequence[int]) -> list[int]:
    taken: Counter[str] = Counter()
    few = []
    for index in indices:
        row: SliceRow = cache.rows[index]
        if row.label == 0 and taken[row.patient] < SLICES_OF_A_PATIENT:
            taken[row.patient] += 1
            few.append(index)
    return few
