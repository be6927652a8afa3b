"""Input of every stage: the prepared slices of the data sets, and the side of the split of each."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from training.datasets import ADAPTERS, Entry, InvalidDataset
from training.slice_cache import PreparationSettings, SliceCache, prepare_cache
from training.splits import Side, check_no_leak, split


@dataclass(frozen=True)
class PreparedData:
    """Slices and their sides; `held_out` data sets are not trained on, and all their slices are evaluated."""

    cache: SliceCache
    sides: tuple[Side, ...]
    held_out: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        check_no_leak([row.patient for row in self.cache.rows], self.sides)

    @classmethod
    def of(cls, cache: SliceCache, seed: int, held_out: Iterable[str] = ()) -> Self:
        """Split by patient, stratified by data set and class."""
        patients = [row.patient for row in cache.rows]
        sides = split(patients, [f"{row.dataset} {row.label}" for row in cache.rows], seed)
        return cls(cache, tuple(sides), frozenset(held_out))

    def training_slices(self, only: Iterable[str] = (), label: int | None = None) -> list[int]:
        """Indices of slices to train on; only of these data sets and this label if given."""
        return [index for index in self._of(only, label) if self.sides[index] == "train" and not self._held(index)]

    def evaluation_slices(self, side: Side, only: Iterable[str] = ()) -> list[int]:
        """Indices of labelled slices of one side; all slices of a held-out data set are on the test side."""
        return [
            index
            for index in self._of(only, None)
            if self.cache.rows[index].label is not None
            and (side == "test" if self._held(index) else self.sides[index] == side)
        ]

    def _held(self, index: int) -> bool:
        return self.cache.rows[index].dataset in self.held_out

    def _of(self, only: Iterable[str], label: int | None) -> list[int]:
        datasets = frozenset(only)
        return [
            index
            for index, row in enumerate(self.cache.rows)
            if (not datasets or row.dataset in datasets) and (label is None or row.label == label)
        ]


def read_entries(sources: Sequence[str]) -> list[Entry]:
    """The entries of sources given as `adapter=folder`; raises InvalidDataset."""
    entries: list[Entry] = []
    for source in sources:
        name, _, folder = source.partition("=")
        if name not in ADAPTERS or not folder:
            raise InvalidDataset(f"{source!r} is not ADAPTER=FOLDER; adapters: {', '.join(ADAPTERS)}")
        entries += ADAPTERS[name](Path(folder))
    return entries


def open_prepared_data(
    entries: Sequence[Entry],
    settings: PreparationSettings,
    runs: Path,
    seed: int,
    held_out: Iterable[str],
    workers: int,
) -> PreparedData:
    """Prepare the entries, or open them if they are prepared already, and split them."""
    return PreparedData.of(prepare_cache(entries, settings, runs / "cache", workers), seed, held_out)
