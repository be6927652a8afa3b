"""Free-response figures: which share of lesions is marked where normal volumes get so many false marks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from screening.evaluation.bootstrap import Interval
from screening.evaluation.exact_interval import exact_interval
from training.volume.expert_marks import LOWEST

FALSE_MARKS: Final = (0.25, 1.0)


@dataclass(frozen=True)
class FrocLine:
    """`found` of `lesions` of a size are marked at `false_marks` a normal volume, at marks above `threshold`."""

    size_mm: float
    false_marks: float
    threshold: float
    lesions: int
    found: Interval


def threshold_at(false_marks: float, normal: Sequence[Sequence[float]]) -> float:
    """The lowest threshold at which normal volumes have at most so many marks above it on average.

    `normal` holds the logits of the marks of each volume. Where all marks are allowed it is `LOWEST`, the logit of a
    lesion without a mark: a missed lesion is above no threshold.
    """
    logits = np.sort(np.concatenate([np.asarray(one, np.float64) for one in normal]))[::-1]
    allowed = int(false_marks * len(normal))
    return float(logits[allowed]) if allowed < len(logits) else LOWEST


def froc(
    found: Sequence[tuple[float, float]], normal: Sequence[Sequence[float]], rates: Sequence[float] = FALSE_MARKS
) -> list[FrocLine]:
    """Lines by size and rate; `found` holds (size, highest mark on the lesion) of each lesion."""
    lines = []
    for size in sorted({size for size, _ in found}):
        highest = np.array([logit for one, logit in found if one == size])
        for rate in rates:
            threshold = threshold_at(rate, normal)
            share = float((highest > threshold).mean())
            lines.append(FrocLine(size, rate, threshold, len(highest), exact_interval(share, len(highest))))
    return lines
