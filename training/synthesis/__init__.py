"""Synthetic lesions on slices: pathology that is independent of data set, scanner and position."""

from training.synthesis.lesion_kinds import KINDS_OF_FINDING, LesionKind
from training.synthesis.lesion_painting import unchanged, with_lesion, with_lesion_of, with_marked_lesion
from training.synthesis.neutral_changes import with_neutral_change

__all__ = [
    "KINDS_OF_FINDING",
    "LesionKind",
    "unchanged",
    "with_lesion",
    "with_lesion_of",
    "with_marked_lesion",
    "with_neutral_change",
]
