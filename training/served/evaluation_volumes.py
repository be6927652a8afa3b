"""The volumes to evaluate on: whole studies that training did not see, and those with marked lesions."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from screening.series.series_choice import ranked
from screening.series.volume import Volume
from training.datasets import Entry
from training.opened_study import VOLUMES, opened_study
from training.prepared_data import PreparedData
from training.served.decoded_volume import DecodedVolume
from training.slice_preparation import lesion_of

SAME_HEIGHT_MM: Final = 10.0  # another reconstruction of a scan covers the same part of the body


@dataclass(frozen=True)
class EvaluationVolume:
    """A study as serving chooses it, `others` its reconstructions by other kernels.

    `trained`: training may have seen the patient. `lesion` [slices, rows, columns] is what a reader has marked.
    """

    name: str
    dataset: str
    label: int | None
    trained: bool
    volume: DecodedVolume = field(repr=False)
    others: tuple[DecodedVolume, ...] = field(repr=False)
    lesion: NDArray[np.bool_] | None = field(repr=False)


@dataclass(frozen=True)
class ChosenEntry:
    """An entry to evaluate on; `trained`: training may have seen the patient."""

    entry: Entry
    trained: bool

    @property
    def verdict_counts(self) -> bool:
        """Whether the verdict on the whole study tells something: it has a label, and is new to the networks."""
        return self.entry.label is not None and not self.trained


def chosen_entries(entries: Sequence[Entry], data: PreparedData) -> tuple[ChosenEntry, ...]:
    """Whole studies of held-out sets and of the side that is not trained on, and all with marked lesions."""
    chosen = (ChosenEntry(entry, _trained(entry, data)) for entry in entries if entry.kind in VOLUMES)
    return tuple(one for one in chosen if one.entry.lesion_masks or one.verdict_counts)


@contextmanager
def opened(chosen: ChosenEntry) -> Iterator[EvaluationVolume]:
    """Read and decode a study; raises a StudyError or Unusable. Its files stay until the end of the block."""
    entry = chosen.entry
    with opened_study(entry) as study:
        best, *rest = ranked(study).volumes
        volume = DecodedVolume.read(best)
        others = tuple(DecodedVolume.read(other) for other in rest if _same_scan(best, other))
        lesion = _lesion(entry, best) if entry.lesion_masks else None
        name = entry.study.rsplit("/", 1)[-1]
        yield EvaluationVolume(name, entry.dataset, entry.label, chosen.trained, volume, others, lesion)


def _trained(entry: Entry, data: PreparedData) -> bool:
    sides = {data.sides[index] for index, row in enumerate(data.cache.rows) if row.patient == entry.patient}
    return entry.dataset not in data.held_out and sides != {"test"}


def _same_scan(chosen: Volume, other: Volume) -> bool:
    ends = zip((chosen.slices[0], chosen.slices[-1]), (other.slices[0], other.slices[-1]), strict=True)
    places = [(one.position, two.position) for one, two in ends]
    return chosen.slices[0].kernel != other.slices[0].kernel and all(
        one is not None and two is not None and abs(one[2] - two[2]) <= SAME_HEIGHT_MM for one, two in places
    )


def _lesion(entry: Entry, volume: Volume) -> NDArray[np.bool_]:
    shape = volume.geometry.shape[1:]
    return np.stack([lesion_of(entry, header.member.path.name, shape) for header in volume.slices])
