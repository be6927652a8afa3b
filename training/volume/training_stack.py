"""A volume to train the 3D expert on: all slices of the lungs in HU, with their masks and marked lesions."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from screening.dicom.hu import AIR_HU
from screening.errors import StudyError
from screening.lungs.slice_anatomy import slice_anatomy
from screening.views.augmented_views import view_mask
from training.datasets.entry import Entry
from training.dense_targets import trust_in_normality
from training.error_range import VIEW_SPACING_MM
from training.opened_study import VOLUMES, opened_study
from training.slice_preparation import lesion_of
from training.surveyed_volume import SurveyedVolume, Unusable, survey_volume
from training.synthesis.volume_lesions import LungStack

IN_PLANE_MM: Final = 1.0

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
    kept = [one for one in entries if one.kind in VOLUMES and not {one.dataset, one.patient} & {*held_out}]
    return [stack_of(entry) for entry in kept]


def stack_of(entry: Entry) -> TrainingStack:
    """Read all slices of the lungs of a volume; raises Unusable."""
    try:
        with opened_study(entry) as study:
            return _read(entry, survey_volume(study, VIEW_SPACING_MM))
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
    trust = trust_in_normality(entry.label, bool(entry.lesion_masks))
    return TrainingStack(entry.study, stack, heights, np.stack(lesions).view(np.bool_), trust)
