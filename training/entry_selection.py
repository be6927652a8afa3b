"""Selection of the entries to train on: balanced classes, or studies with exactly one finding."""

from collections.abc import Callable, Iterable, Sequence
from types import MappingProxyType
from typing import Final

import numpy as np

from training.datasets.entry import Entry


def balanced(entries: Sequence[Entry], seed: int = 0, per_class: int | None = None) -> list[Entry]:
    """As many normal as pathological patients, at most `per_class` of each, drawn by the seed.

    A patient with both labels counts as pathological; all labelled entries of a chosen patient are taken.
    """
    pathological = {entry.patient for entry in entries if entry.label == 1}
    normal = {entry.patient for entry in entries if entry.label == 0} - pathological
    count = min(len(pathological), len(normal), per_class if per_class is not None else len(entries))
    random = np.random.default_rng(seed)
    chosen = {name for group in (pathological, normal) for name in random.permutation(sorted(group))[:count].tolist()}
    return [entry for entry in entries if entry.patient in chosen and entry.label is not None]


def with_one_finding(entries: Iterable[Entry]) -> list[Entry]:
    """The entries with exactly one of the 16 findings, so that their class is unambiguous."""
    return [entry for entry in entries if entry.findings is not None and len(entry.findings) == 1]


SELECTIONS: Final = MappingProxyType[str, Callable[[Sequence[Entry]], list[Entry]]](
    {"all": list, "balanced": balanced, "one-finding": with_one_finding}
)
