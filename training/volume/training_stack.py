"""A volume to train the 3D expert on: all slices of the lungs in HU, with their masks and marked lesions."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
from numpy.typing import NDArray

from screening.dicom.hu import AIR_HU
from screening.errors import StudyError
from screening.intake.budgets import Budgets
from screening.lungs.slice_anatomy import slice_anatomy
from screening.preparation import survey
from screening.views.augmented_views import view_mask
from training.datasets.entry import Entry
from training.slice_preparation import as_nifti, lesion_of
from training.surveyed_volume import SurveyedVolume, Unusable, survey_volume
from training.synthesis.volume_lesions import LungStack

IN_PLANE_MM: Final = 1.0
SURVEY_MM: Final = 8.0

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class TrainingStack:
    """`stack` holds HU int16 [N, S, S] with pixels of 1 mm, from the lowest slice with lung to the highest.

    `lesions` [N, S, S] is what a reader marked; `trust` says how far the rest may be called normal (1: a normal study).
    """

    name: str
    stack: LungStack = field(repr=False)
    heights_mm: NDArray[np.float64] = field(repr=False)
    lesions: Bools = field(repr=False)
    trust: float


def training_stacks(entries: Sequence[Entry], held_out: Sequence[str] = ()) -> list[TrainingStack]:
    """The stack of each entry that is a volume, but for those of data sets or patients that are held out."""
    kept = [
        one for one in entries if one.kind in ("study", "grey_stack") and not {one.dataset, one.patient} & {*held_out}
    ]
    return [stack_of(entry) for entry in kept]


def stack_of(entry: Entry) -> TrainingStack:
    """Read all slices of the lungs of a volume; raises Unusable."""
    with TemporaryDirectory() as scratch:
        try:
            path = as_nifti(entry, Path(scratch)) if entry.kind == "grey_stack" else entry.path
            study = survey(path, Path(scratch), Budgets()).studies[0]
            surveyed = survey_volume(study, SURVEY_MM)
            return _read(entry, surveyed)
        except StudyError as error:
            raise Unusable(error.code) from error


def _read(entry: Entry, surveyed: SurveyedVolume) -> TrainingStack:
    volume, row_mm = surveyed.volume, surveyed.volume.geometry.spacing_mm[1]
    whole = surveyed.crop(surveyed.box, 1)
    crop = surveyed.crop(surveyed.box, round((whole.row1 - whole.row0) * row_mm / IN_PLANE_MM))
    values, lungs, lesions = [], [], []
    indices = range(surveyed.survey.first, surveyed.survey.last + 1)
    for index in indices:
        hu = volume.hu(index)
        anatomy = slice_anatomy(hu, volume.geometry.spacing_mm[1:], crop.orientation)
        values.append(crop.resized(hu, AIR_HU))
        lungs.append(view_mask(anatomy.lungs_on(hu.shape), crop)[0])
        lesions.append(view_mask(lesion_of(entry, surveyed.file_name(index), hu.shape), crop)[0])
    heights = np.array([volume.heights_mm[index] for index in indices])
    spacing_mm = (float(np.median(np.diff(heights))), IN_PLANE_MM, IN_PLANE_MM)
    stack = LungStack(np.stack(values), np.stack(lungs).view(np.bool_), spacing_mm)
    return TrainingStack(entry.study, stack, heights, np.stack(lesions).view(np.bool_), _trust(entry))


def _trust(entry: Entry) -> float:
    """As for slices (`training.sampling`): off the tumour of a marked patient, most lung is normal."""
    if entry.label == 0:
        return 1.0
    return 0.4 if entry.lesion_masks else 0.15
