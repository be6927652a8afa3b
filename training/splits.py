"""The split into train, validation and test: by patient, stratified and seeded."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final, Literal

import numpy as np

Side = Literal["train", "validation", "test"]

SHARES: Final[Mapping[Side, float]] = {"test": 0.20, "validation": 0.15, "train": 0.65}


class LeakingSplit(Exception):
    """A patient is on two sides of the split."""


def split(patients: Sequence[str], strata: Sequence[str], seed: int = 7) -> list[Side]:
    """The side of each row. The patients of each stratum (data set and class) are distributed over the sides.

    A patient with rows of several strata belongs to the first of them.
    """
    members: dict[str, list[str]] = defaultdict(list)
    for patient, stratum in dict(zip(reversed(patients), reversed(strata), strict=True)).items():
        members[stratum].append(patient)
    random = np.random.default_rng(seed)
    side_of: dict[str, Side] = {}
    for stratum in sorted(members):
        side_of |= _distribute(sorted(members[stratum]), random)
    return [side_of[patient] for patient in patients]


def check_no_leak(patients: Sequence[str], sides: Sequence[str]) -> None:
    """Raise LeakingSplit unless all rows of each patient are on one side."""
    seen: dict[str, str] = {}
    for patient, side in zip(patients, sides, strict=True):
        if seen.setdefault(patient, side) != side:
            raise LeakingSplit(f"a patient is on the sides {seen[patient]} and {side}")


def _distribute(patients: list[str], random: np.random.Generator) -> dict[str, Side]:
    order = [patients[index] for index in random.permutation(len(patients))]
    tests, validations = (round(SHARES[side] * len(order)) for side in ("test", "validation"))
    trains = len(order) - tests - validations
    counts: tuple[tuple[Side, int], ...] = (("test", tests), ("validation", validations), ("train", trains))
    sides = [side for side, count in counts for _ in range(count)]
    return dict(zip(order, sides, strict=True))
