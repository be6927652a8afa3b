"""Whole studies that the 3D expert is evaluated on: labelled, decoded, and never trained on."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from screening.series.series_choice import ranked
from training.datasets.entry import Entry
from training.opened_study import VOLUMES, opened_study
from training.served.decoded_volume import DecodedVolume


@dataclass(frozen=True)
class HeldOutVolume:
    """A whole study with its label; `validation`: it sets the threshold, and is in no figure of lesions found."""

    name: str
    label: int
    validation: bool
    volume: DecodedVolume = field(repr=False)


class NoValidation(Exception):
    """No normal volume is kept for validation, so nothing but what judges could set the threshold."""


def held_out_volumes(
    entries: Sequence[Entry], held_out: Collection[str], validation: Collection[str]
) -> Iterator[HeldOutVolume]:
    """The labelled volumes of held-out data sets, and of patients kept for validation.

    Raises NoValidation at once; each volume is read when it is asked for, which raises a StudyError or Unusable.
    """
    chosen = [one for one in entries if one.kind in VOLUMES and one.label is not None]
    if not any(one.label == 0 and one.patient in validation for one in chosen):
        named = ", ".join(validation) or "none is named"
        raise NoValidation(f"no patient kept for validation has a normal volume to set the threshold by ({named})")
    return _read([one for one in chosen if one.patient in validation or one.dataset in held_out], validation)


def _read(chosen: Sequence[Entry], validation: Collection[str]) -> Iterator[HeldOutVolume]:
    for entry in chosen:
        with opened_study(entry) as study:
            volume = DecodedVolume.read(ranked(study).volumes[0])
            yield HeldOutVolume(Path(entry.study).name, entry.label or 0, entry.patient in validation, volume)
