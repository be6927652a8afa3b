"""Preparation: from an upload to the views of its studies. Runs in a worker process; arguments and results pickle.

`survey` reads headers only. `prepare` tries the ranked series of one study until lungs are found, surveys them, and
makes a plain view of every slice for the networks; `test_time_views` makes the other views of those that score highest.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from time import perf_counter

import cv2
import numpy as np
from numpy.typing import NDArray

from screening.blocks.grid_slice import GridSlice, grid_square
from screening.blocks.lung_grid import grid_indices
from screening.contract import VIEWS
from screening.dicom.geometry import Geometry
from screening.dicom.headers import SkippedFile, read_headers
from screening.errors import NoLung, PixelError, StudyError
from screening.intake.budgets import Budgets
from screening.intake.upload import open_upload
from screening.lungs.coverage import Coverage, coverage_of
from screening.lungs.dome_exclusion import lungs_without_domes
from screening.lungs.lung_extent import box_of, margins_px
from screening.lungs.lung_survey import AnatomyOf, LungSurvey, survey_lungs
from screening.lungs.slice_anatomy import slice_anatomy
from screening.lungs.slice_sampling import extents_mm
from screening.over_slices import over_slices
from screening.series.hu_plausibility import check_hounsfield
from screening.series.series_choice import ranked
from screening.series.studies import Candidate, Study, studies_of
from screening.series.volume import Volume
from screening.views.augmented_views import make_views, plain_view, view_mask
from screening.views.crop import Crop

Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class Survey:
    """The studies of an upload, with an error in place of an invalid one, and the skipped files."""

    studies: tuple[Study | StudyError, ...]
    skipped: tuple[SkippedFile, ...]


@dataclass(frozen=True)
class ChosenSeries:
    """The series that was screened: the UIDs of the viewed slices, by their index in it, and the crop of the views.

    `grid_slices` are those of them that the grid of the 3D expert shows too, where the expert may be asked.
    """

    series_uid: str
    sop_uids: Mapping[int, str]
    crop: Crop
    grid_slices: Mapping[int, GridSlice] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class PreparedStudy:
    """The networks' input for a study of K slices: `views` and `lung_masks`, uint8 [K, 1, H, W].

    The views are the plain ones. `slice_indices` count from the lowest slice of the chosen series, `extents_mm` is how
    many mm of the body each stands for; `coverage` is what they show of the lungs.
    """

    study_uid: str
    series_uid: str
    candidates: tuple[Candidate, ...]
    warnings: tuple[str, ...]
    geometry: Geometry
    slice_indices: tuple[int, ...]
    extents_mm: tuple[float, ...]
    sop_uids: tuple[str, ...]
    crop: Crop
    coverage: Coverage
    views: NDArray[np.uint8] = field(repr=False)
    lung_masks: NDArray[np.uint8] = field(repr=False)
    timings_s: Mapping[str, float]
    grid_slices: Mapping[int, GridSlice] = field(default_factory=dict, repr=False)

    @property
    def lung_shares(self) -> NDArray[np.float64]:
        """The share of each view [K] that is lung which counts."""
        return np.asarray(self.lung_masks.mean(axis=(1, 2, 3), dtype=np.float64))

    @property
    def chosen(self) -> ChosenSeries:
        sop_uids = dict(zip(self.slice_indices, self.sop_uids, strict=True))
        return ChosenSeries(self.series_uid, sop_uids, self.crop, self.grid_slices)

    def __post_init__(self) -> None:
        counts = {len(one) for one in (self.extents_mm, self.sop_uids, self.views, self.lung_masks)}
        if not self.slice_indices or counts != {len(self.slice_indices)}:
            raise ValueError("a prepared study needs a view, a mask, an extent and a UID for each of its slices")


def survey(path: Path, scratch: Path, budgets: Budgets) -> Survey:
    """The studies of the upload at `path`, from headers only. Raises an IntakeError when none can be read."""
    sent_bytes = path.stat().st_size if path.is_file() else None
    headers = read_headers(open_upload(path, scratch, budgets), budgets, sent_bytes)
    return Survey(studies_of(headers), headers.skipped)


def prepare(study: Study, image_size: int, view_spacing_mm: float, grid_within_mm: float = 0.0) -> PreparedStudy:
    """Plain views, `image_size` px a side and `view_spacing_mm` apart, of the best series in which lungs are found.

    Where slices lie at most `grid_within_mm` apart, the 3D expert may be asked, and what it needs of them is kept.
    When no series can be used, raises the error of the best one: NoLung, a PixelError (NotHounsfield among them), or an
    error of `ranked`.
    """
    cv2.setNumThreads(1)  # slices have threads of their own (`over_slices`), with which those of OpenCV would compete
    series: dict[int, SeriesPreparation] = {}

    def source_of(volume: Volume) -> SeriesPreparation:
        return series.setdefault(id(volume), SeriesPreparation(volume))

    ranking = ranked(study, source_of)
    refused: dict[int, StudyError] = {}
    for position, volume in enumerate(ranking.volumes):
        try:
            listed = ranking.after(refused, position)
            return source_of(volume).prepared(study, listed, image_size, view_spacing_mm, grid_within_mm)
        except (NoLung, PixelError) as error:
            refused[position] = error
    raise next(iter(refused.values())).for_study(study.study_uid)


def augmented_rows(plain: Bytes, lung_masks: Bytes) -> tuple[Bytes, Bytes]:
    """The other test-time views of n plain views [n, 1, H, W], slice by slice, and their masks: [n * (V - 1), 1, H, W].

    The mask of the flipped view is flipped; the other views have the plain view's.
    """
    cv2.setNumThreads(1)
    views = np.concatenate([make_views(one)[1:] for one in plain[:, 0]])
    masks = [mask[:, :, ::-1] if name == "flip" else mask for mask in lung_masks for name in VIEWS[1:]]
    return views, np.ascontiguousarray(masks)


class SeriesPreparation:
    """Prepares one series: decodes each slice once and measures the seconds of each stage.

    Serving comes here by `prepare`; evaluation also brings series that it has changed in memory.
    """

    def __init__(self, volume: Volume, anatomy_of: AnatomyOf = slice_anatomy) -> None:
        self._volume = volume
        self._anatomy_of = anatomy_of
        self._decoded: dict[int, NDArray[np.int16]] = {}
        self._timings_s: dict[str, float] = {}
        self._lock, self._inside, self._since_s = Lock(), 0, 0.0

    def prepared(
        self,
        study: Study,
        candidates: tuple[Candidate, ...],
        image_size: int,
        view_spacing_mm: float,
        grid_within_mm: float = 0.0,
    ) -> PreparedStudy:
        """The study of this series; `candidates` are all of its series. Raises NoLung or a PixelError."""
        volume = self._volume
        with self._stage("lungs"):
            lungs, odd = self._surveyed(view_spacing_mm)
            coverage = coverage_of(lungs.anatomies, lungs.heights_mm, lungs.viewed, view_spacing_mm)
        crop = self._crop(lungs, image_size)
        with self._stage("masks"):
            counted = lungs_without_domes(lungs, self._cell_mm(lungs))
            masks = np.stack([view_mask(self._on_slice(counted[index]), crop) for index in lungs.viewed])
        with self._stage("views"):
            views = np.stack(over_slices(lambda index: plain_view(self.hu(index), crop), lungs.viewed))
            grid_slices = self._grid_slices(lungs, crop) if volume.geometry.spacing_mm[0] <= grid_within_mm else {}
        return PreparedStudy(
            study_uid=volume.study_uid,
            series_uid=volume.series_uid,
            candidates=candidates,
            warnings=(*study.warnings, *volume.warnings, *odd, *_blank_slices(coverage)),
            geometry=volume.geometry,
            slice_indices=lungs.viewed,
            extents_mm=tuple(extents_mm(lungs.heights_mm, lungs.viewed).tolist()),
            sop_uids=tuple(volume.slices[index].sop_uid for index in lungs.viewed),
            crop=crop,
            coverage=coverage,
            views=views[:, np.newaxis],
            lung_masks=masks,
            timings_s=self._timings_s,
            grid_slices=grid_slices,
        )

    def _surveyed(self, view_spacing_mm: float) -> tuple[LungSurvey, tuple[str, ...]]:
        """The survey and warnings on the values; values that are no HU are the reason why no lung was found."""
        try:
            lungs = survey_lungs(self, view_spacing_mm, self._anatomy_of)
        except NoLung:
            check_hounsfield(self._volume, self._decoded)
            raise
        return lungs, check_hounsfield(self._volume, self._decoded)

    def _crop(self, lungs: LungSurvey, image_size: int) -> Crop:
        """One square for the whole study: around all of the lungs that were looked at."""
        spacing_mm = self.geometry.spacing_mm[1:]
        within = [one.lungs for index, one in lungs.anatomies.items() if lungs.first <= index <= lungs.last]
        union = np.logical_or.reduce(within)
        box = box_of([self._on_slice(union)], margins_px(spacing_mm))
        return Crop.around(box, image_size, spacing_mm).oriented(self.geometry.affine_lps)

    def _grid_slices(self, lungs: LungSurvey, crop: Crop) -> dict[int, GridSlice]:
        """The viewed slices that the grid shows too."""
        square = grid_square(crop, self.geometry.spacing_mm[1])
        shown = set(grid_indices(self.heights_mm, lungs.viewed[0], lungs.viewed[-1])).intersection(lungs.viewed)
        return {index: GridSlice.of(self.hu(index), lungs.anatomies[index], square) for index in sorted(shown)}

    def _cell_mm(self, lungs: LungSurvey) -> tuple[float, float]:
        """Size of a cell (row, column) of the lung masks."""
        grid = lungs.anatomies[lungs.first].lungs.shape
        _, rows, columns = self.geometry.shape
        _, row_mm, column_mm = self.geometry.spacing_mm
        return row_mm * rows / grid[0], column_mm * columns / grid[1]

    def _on_slice(self, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
        _, rows, columns = self.geometry.shape
        resized = cv2.resize(mask.view(np.uint8), (columns, rows), interpolation=cv2.INTER_NEAREST)
        return np.asarray(resized).view(np.bool_)

    @property
    def heights_mm(self) -> Sequence[float]:
        return self._volume.heights_mm

    @property
    def geometry(self) -> Geometry:
        return self._volume.geometry

    def __len__(self) -> int:
        return len(self._volume)

    def hu(self, index: int) -> NDArray[np.int16]:
        if index not in self._decoded:
            with self._shared_stage("decode"):
                self._decoded[index] = self._volume.hu(index)
        return self._decoded[index]

    @contextmanager
    def _shared_stage(self, name: str) -> Iterator[None]:
        """Add the time in which at least one thread is in the block."""
        with self._lock:
            if not self._inside:
                self._since_s = perf_counter()
            self._inside += 1
        try:
            yield
        finally:
            with self._lock:
                self._inside -= 1
                if not self._inside:
                    self._timings_s[name] = self._timings_s.get(name, 0.0) + perf_counter() - self._since_s

    @contextmanager
    def _stage(self, name: str) -> Iterator[None]:
        """Add the time of this block to the stage, without the time of stages inside it."""
        before, start = sum(self._timings_s.values()), perf_counter()
        yield
        inner = sum(self._timings_s.values()) - before
        self._timings_s[name] = self._timings_s.get(name, 0.0) + perf_counter() - start - inner


def _blank_slices(coverage: Coverage) -> Iterator[str]:
    if count := len(coverage.blank_slices):
        yield f"{count} slice(s) hold no image: all of their pixels have one value. They were left out."
