"""Synthetic lesions on normal slices: pathology that no data set, scanner or position gives away."""

from training.synthesis.lesion_painting import nothing, untouched_or_null, with_lesion

__all__ = ["nothing", "untouched_or_null", "with_lesion"]
