"""Synthetic lesions on slices: pathology that is independent of data set, scanner and position."""

from training.synthesis.lesion_painting import unchanged, with_lesion, with_marked_lesion
from training.synthesis.neutral_changes import with_neutral_change

__all__ = ["unchanged", "with_lesion", "with_marked_lesion", "with_neutral_change"]
