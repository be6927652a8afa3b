"""What a slice says about each of the 16 findings: its labels, else the scores of the published checkpoint."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from screening.contract import FINDINGS
from training.slice_cache import SliceRow

# These show in the mediastinum, at the chest wall or below the lungs; the labels of the data sets are of the lungs.
OUTSIDE_THE_LUNGS: Final = frozenset(
    {
        "Arterial wall calcification",
        "Cardiomegaly",
        "Coronary artery wall calcification",
        "Hiatal hernia",
        "Lymphadenopathy",
        "Pericardial effusion",
        "Pleural effusion",
    }
)
CERTAIN: Final = 1.0
# A data set labels its own subject: the slice of a tumour may show emphysema that nobody has labelled.
NOT_LABELLED: Final = 0.5
# The scores are a softmax: they cannot say that a slice has none of the 16, and one finding lowers all others.
SOFT: Final = 0.3

Floats = NDArray[np.float32]


def known_findings(row: SliceRow) -> frozenset[str] | None:
    """The findings of a slice; none in a normal one; None where they are not known."""
    return frozenset[str]() if row.findings is None and row.label == 0 else row.findings


def finding_targets(row: SliceRow) -> tuple[Floats, Floats]:
    """Target probability [16] of each finding, and how far it is to be believed [16]; 0 where nothing is known.

    Labels speak of the lungs: what lies outside them has no label in a slice that is normal, unless it is named.
    """
    soft = np.array(row.scores, np.float32) if row.scores else None
    targets = np.zeros(len(FINDINGS), np.float32) if soft is None else soft / soft.sum()
    weights = np.full(len(FINDINGS), 0.0 if soft is None else SOFT, np.float32)
    known = known_findings(row)
    if known is not None:
        for number, name in enumerate(FINDINGS):
            if name in known:
                targets[number], weights[number] = 1.0, CERTAIN
            elif name not in OUTSIDE_THE_LUNGS:
                targets[number], weights[number] = 0.0, CERTAIN if row.label == 0 else NOT_LABELLED
    return targets, weights
