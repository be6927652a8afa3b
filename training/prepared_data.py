"""What every stage starts from: the prepared slices of the given data sets, and who is on which side of the split."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from training.datasets import ADAPTERS, Entry, InvalidDataset
from training.slice_cache import Cache, Settings, prepared
from training.splits import Side, check_no_leak, split


@dataclass(frozen=True)
class Workbench:
    """Slices and their sides; `held_out` data sets take no part in any training and are judged as a whole."""

    cache: Cache
    sides: tuple[Side, ...]
    held_out: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        check_no_leak([row.patient for row in self.cache.rows], self.sides)

    @classmethod
    def of(cls, cache: Cache, seed: int, held_out: Iterable[str] = ()) -> Self:
        """Split by patient, stratified by data set and class."""
        patients = [row.patient for row in cache.rows]
        sides = split(patients, [f"{row.dataset} {row.label}" for row in cache.rows], seed)
        return cls(cache, tuple(sides), frozenset(held_out))

    def training(self, only: Iterable[str] = (), label: int | None = None) -> list[int]:
        """Places of slices to train on; of these data sets and this label where given."""
        return [place for place in self._of(only, label) if self.sides[place] == "train" and not self._held(place)]

    def judging(self, side: Side, only: Iterable[str] = ()) -> list[int]:
        """Labelled slices of one side; a data set that is held out is judged whole, on the side of the test."""
        return [
            place
            for place in self._of(only, None)
            if self.cache.rows[place].label is not None
            and (side == "test" if self._held(place) else self.sides[place] == side)
        ]

    def _held(self, place: int) -> bool:
        return self.cache.rows[place].dataset in self.held_out

    def _of(self, only: Iterable[str], label: int | None) -> list[int]:
        wanted = frozenset(only)
        return [
            place
            for place, row in enumerate(self.cache.rows)
            if (not wanted or row.dataset in wanted) and (label is None or row.label == label)
        ]


def read_entries(sources: Sequence[str]) -> list[Entry]:
    """Entries of sources written as `adapter=folder`; raises InvalidDataset."""
    entries: list[Entry] = []
    for source in sources:
        name, _, folder = source.partition("=")
        if name not in ADAPTERS or not folder:
            raise InvalidDataset(f"{source!r} is not ADAPTER=FOLDER; adapters: {', '.join(ADAPTERS)}")
        entries += ADAPTERS[name](Path(folder))
    return entries


def open_workbench(
    entries: Sequence[Entry], settings: Settings, runs: Path, seed: int, held_out: Iterable[str], workers: int
) -> Workbench:
    """Prepare the entries, or find them prepared, and split them."""
    return Workbench.of(prepared(entries, settings, runs / "cache", workers), seed, held_out)
