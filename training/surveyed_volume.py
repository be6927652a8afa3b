"""A study as training sees it: the series, lungs and views of serving, slice by slice."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from screening.errors import NoLung, PixelError, StudyError
from screening.lungs.dome_exclusion import lungs_without_domes
from screening.lungs.lung_extent import Box, box_of, margins_px
from screening.lungs.lung_survey import LungSurvey, survey_lungs
from screening.series.series_choice import ranked
from screening.series.studies import Study
from screening.series.volume import Volume
from screening.views.augmented_views import plain_view
from screening.views.crop import Crop

Mask = NDArray[np.bool_]


class Unusable(Exception):
    """An entry that gives no slices; the message is the reason."""


@dataclass(frozen=True)
class SurveyedVolume:
    """The series that serving chooses, and where its lungs are."""

    volume: Volume
    survey: LungSurvey

    @property
    def viewed(self) -> tuple[int, ...]:
        return self.survey.viewed

    @property
    def box(self) -> Box:
        """Around the lungs of the whole study (rows, columns of a slice)."""
        within = [
            one.lungs for index, one in self.survey.anatomies.items() if self.survey.first <= index <= self.survey.last
        ]
        return box_of([self._on_slice(np.logical_or.reduce(within))], margins_px(self.volume.geometry.spacing_mm[1:]))

    def crop(self, box: Box, size: int) -> Crop:
        """The crop of serving around a box."""
        geometry = self.volume.geometry
        return Crop.around(box, size, geometry.spacing_mm[1:]).oriented(geometry.affine_lps)

    def view(self, index: int, crop: Crop) -> NDArray[np.uint8]:
        """The plain view [size, size]; raises Unusable."""
        try:
            return plain_view(self.volume.hu(index), crop)
        except PixelError as error:
            raise Unusable(error.code) from error

    def lungs(self, index: int) -> Mask:
        """The lung mask of a slice [rows, columns]."""
        return self._on_slice(self.survey.anatomies[index].lungs)

    def counted(self, index: int) -> Mask:
        """The part of the lung mask that counts in serving [rows, columns]."""
        grid = self.survey.anatomies[index].lungs.shape
        _, rows, columns = self.volume.geometry.shape
        _, row_mm, column_mm = self.volume.geometry.spacing_mm
        return self._on_slice(
            lungs_without_domes(self.survey, (row_mm * rows / grid[0], column_mm * columns / grid[1]))[index]
        )

    def file_name(self, index: int) -> str:
        return self.volume.slices[index].member.path.name

    def height_mm(self, index: int) -> float:
        return self.survey.heights_mm[index]

    def _on_slice(self, mask: Mask) -> Mask:
        _, rows, columns = self.volume.geometry.shape
        resized = cv2.resize(mask.view(np.uint8), (columns, rows), interpolation=cv2.INTER_NEAREST)
        return np.asarray(resized).view(np.bool_)


def survey_volume(study: Study, spacing_mm: float) -> SurveyedVolume:
    """The series of a study that serving chooses, with slices `spacing_mm` apart; raises Unusable."""
    try:
        for volume in ranked(study).volumes:
            try:
                return SurveyedVolume(volume, survey_lungs(volume, spacing_mm))
            except (NoLung, PixelError):
                continue
    except StudyError as error:
        raise Unusable(error.code) from error
    raise Unusable("no_lung")
