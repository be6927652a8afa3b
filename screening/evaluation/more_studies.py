"""What more studies would narrow: the intervals of an operating point's figures if the shares stayed as they are."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from screening.evaluation.bootstrap import Interval
from screening.evaluation.evaluated_studies import Point
from screening.evaluation.exact_interval import exact_interval

MORE_PATIENTS: Final = (100, 300, 1000)
MOST_PATIENTS: Final = 5000


@dataclass(frozen=True)
class Narrowed:
    """The interval of a figure with `more` patients of the class that it is of."""

    figure: Literal["sensitivity", "specificity"]
    more: int
    interval: Interval


def narrowed(point: Point, patients: tuple[int, int]) -> Iterator[Narrowed]:
    """For specificity and sensitivity of a point measured on so many patients, normal and pathological."""
    normal, pathological = patients
    for more in MORE_PATIENTS:
        yield Narrowed("specificity", more, exact_interval(point.specificity.value, normal + more))
    for more in MORE_PATIENTS:
        yield Narrowed("sensitivity", more, exact_interval(point.sensitivity.value, pathological + more))


def patients_needed(share: float, low: float) -> int | None:
    """So many patients prove a share to lie above `low`, if it stays as it is; None where no realistic number does."""
    if not share > low:
        return None
    numbers = range(1, MOST_PATIENTS + 1)
    return next((number for number in numbers if exact_interval(share, number).low >= low), None)
