"""Whole studies that the 3D expert is evaluated on: labelled, decoded, and never trained on."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from screening.errors import StudyError
from screening.intake.budgets import Budgets
from screening.preparation import survey
from screening.series.series_choice import ranked
from training.datasets.entry import Entry
from training.served.decoded_volume import DecodedVolume
from training.slice_preparation import as_nifti


@dataclass(frozen=True)
class HeldOutVolume:
    """A whole study with its label; `validation`: it sets the threshold, and is in no figure of lesions found."""

    name: str
    label: int
    validation: bool
    volume: DecodedVolume = field(repr=False)


def held_out_volumes(
    entries: Sequence[Entry], held_out: Collection[str], validation: Collection[str]
) -> Iterator[HeldOutVolume]:
    """The labelled volumes of held-out data sets, and of patients kept for validation; raises a StudyError.

    Each is read when it is asked for, and its files stay until the next one.
    """
    for entry in entries:
        chosen = entry.patient in validation or entry.dataset in held_out
        if entry.kind not in ("study", "grey_stack") or entry.label is None or not chosen:
            continue
        with TemporaryDirectory() as scratch:
            path = as_nifti(entry, Path(scratch)) if entry.kind == "grey_stack" else entry.path
            study = survey(path, Path(scratch), Budgets()).studies[0]
            if isinstance(study, StudyError):
                raise study
            volume = DecodedVolume.read(ranked(study).volumes[0])
            yield HeldOutVolume(Path(entry.study).name, entry.label, entry.patient in validation, volume)
