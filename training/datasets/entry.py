"""An entry of a data set: one study or one published slice, with its patient and labels."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from screening.contract import FINDINGS

Kind = Literal["study", "grey", "grey_stack", "single"]


class InvalidDataset(Exception):
    """The folder does not have the layout of this data set, or its tables contradict the files."""


@dataclass(frozen=True)
class Entry:
    """A study (an upload of any kind that serving accepts), a `grey` slice that was published as 8 bit, a whole
    `grey_stack` of them (`slice_files`, from the feet to the head), or a `single` DICOM image of which no series can be
    made.

    All entries of one `patient` are on one side of the split; if patients are unknown, it is a group of neighbouring
    slices. `label` is 0 normal, 1 pathology, None unknown; `findings` is None if they are unknown. `slice_labels` maps
    file names inside a study to labels of single slices, `lesion_masks` to images of the slice's size that are above 0
    inside a lesion. `scores` [16] are soft targets.
    """

    dataset: str
    patient: str
    study: str
    path: Path
    kind: Kind
    label: int | None = None
    findings: frozenset[str] | None = None
    slice_labels: Mapping[str, int] = field(default_factory=dict, repr=False)
    lesion_masks: Mapping[str, Path] = field(default_factory=dict, repr=False)
    scores: tuple[float, ...] | None = field(default=None, repr=False)
    slice_files: tuple[Path, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        if self.label not in (None, 0, 1):
            raise InvalidDataset(f"{self.study}: label {self.label} is neither 0, 1 nor unknown")
        if self.findings is not None and not self.findings <= frozenset(FINDINGS):
            raise InvalidDataset(f"{self.study}: unknown findings {sorted(self.findings - frozenset(FINDINGS))}")
        if self.scores is not None and len(self.scores) != len(FINDINGS):
            raise InvalidDataset(f"{self.study}: {len(self.scores)} scores for {len(FINDINGS)} findings")


Adapter = Callable[[Path], Iterator[Entry]]
