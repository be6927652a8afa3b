"""Shares of painted lesions that are found, with exact intervals: by size, density and place; and pointed at."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from screening.evaluation.bootstrap import Interval
from screening.evaluation.exact_interval import exact_interval
from training.served.painted_studies import PaintedStudy


@dataclass(frozen=True)
class DetectionLine:
    """`found` of `lesions` of one group; `name` and `size_mm` say which. The interval is as of independent lesions."""

    name: str
    size_mm: float
    lesions: int
    found: Interval


def detected(
    painted: Sequence[PaintedStudy], group: Callable[[PaintedStudy], str], normal: Collection[str]
) -> Iterator[DetectionLine]:
    """By group and size: in volumes that are `normal` without a lesion, the share whose verdict is pathology."""
    return _lines([one for one in painted if one.study in normal], group, lambda one: one.pathology)


def pointed_at(painted: Sequence[PaintedStudy]) -> Iterator[DetectionLine]:
    """By size: of the lesions that a view shows, the share on which the study's highest cell lies."""
    return _lines([one for one in painted if one.in_view], lambda _: "highest cell on it", lambda one: one.pointed)


def shown_in_a_view(painted: Sequence[PaintedStudy]) -> Iterator[DetectionLine]:
    """By size: the share that lies in at least one of the slices that serving looks at."""
    return _lines(painted, lambda _: "in a view", lambda one: one.in_view)


def chance_level(painted: Sequence[PaintedStudy], size_mm: float) -> float:
    """The share of a study's cells of lung that show a lesion of this size."""
    return float(np.mean([one.chance for one in painted if one.in_view and one.lesion.diameter_mm == size_mm] or [0.0]))


def _lines(
    painted: Sequence[PaintedStudy], group: Callable[[PaintedStudy], str], hit: Callable[[PaintedStudy], bool]
) -> Iterator[DetectionLine]:
    keys = sorted({(group(one), one.lesion.diameter_mm) for one in painted})
    for name, size in keys:
        hits = [hit(one) for one in painted if (group(one), one.lesion.diameter_mm) == (name, size)]
        yield DetectionLine(name, size, len(hits), exact_interval(float(np.mean(hits)), len(hits)))
