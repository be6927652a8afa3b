"""Which entries take part: as many of each class, or studies with exactly one finding, as in the deck."""

from collections.abc import Callable, Iterable, Sequence
from types import MappingProxyType
from typing import Final

import numpy as np

from training.datasets.entry import Entry


def balanced(entries: Sequence[Entry], seed: int = 0, per_class: int | None = None) -> list[Entry]:
    """As many normal as pathological patients, at most `per_class` of each, drawn by the seed.

    A patient with both labels counts as pathological, and all labelled entries of a chosen patient come along.
    """
    ill = {entry.patient for entry in entries if entry.label == 1}
    well = {entry.patient for entry in entries if entry.label == 0} - ill
    count = min(len(ill), len(well), per_class if per_class is not None else len(entries))
    random = np.random.default_rng(seed)
    chosen = {name for group in (ill, well) for name in random.permutation(sorted(group))[:count].tolist()}
    return [entry for entry in entries if entry.patient in chosen and entry.label is not None]


def with_one_finding(entries: Iterable[Entry]) -> list[Entry]:
    """Only what shows exactly one of the 16 findings, so that its class is beyond doubt."""
    return [entry for entry in entries if entry.findings is not None and len(entry.findings) == 1]


CHOICES: Final = MappingProxyType[str, Callable[[Sequence[Entry]], list[Entry]]](
    {"all": list, "balanced": balanced, "one-finding": with_one_finding}
)
