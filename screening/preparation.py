"""Preparation: from an upload to the views of its studies. Runs in a worker process; arguments and results pickle.

`survey` reads headers only. `prepare` tries the ranked series of one study until lungs are found, then decodes the
slices for the networks.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter

import cv2
import numpy as np
from numpy.typing import NDArray

from screening.budgets import Budgets
from screening.crop import Crop
from screening.errors import NoLung, PixelError, StudyError
from screening.geometry import Geometry
from screening.headers import SkippedFile, read_headers
from screening.intake import open_upload
from screening.lung_mask import lung_mask
from screening.lungs import Lungs, lungs_in, sample_masks
from screening.series import Candidate, Study, rank, studies_of
from screening.views import make_views, plain_view, view_mask
from screening.volume import Volume

REUSE_DISTANCE = (
    0.25  # of the step between chosen slices: a slice of the sample so near is reused; it is decoded already
)


@dataclass(frozen=True)
class Survey:
    """The studies of an upload, with an error in place of an invalid one, and the skipped files."""

    studies: tuple[Study | StudyError, ...]
    skipped: tuple[SkippedFile, ...]


@dataclass(frozen=True)
class PreparedStudy:
    """The networks' input for a study: K slices, `views` uint8 [K, V, 1, H, W] and `lung_masks` uint8 [K, 1, H, W].

    `slice_indices` count from the lowest slice of the chosen series. K is smaller than requested only when the lungs
    span fewer slices.
    """

    study_uid: str
    series_uid: str
    candidates: tuple[Candidate, ...]
    warnings: tuple[str, ...]
    geometry: Geometry
    slice_indices: tuple[int, ...]
    sop_uids: tuple[str, ...]
    crop: Crop
    lungs: Lungs
    views: NDArray[np.uint8] = field(repr=False)
    lung_masks: NDArray[np.uint8] = field(repr=False)
    timings_s: Mapping[str, float]

    def __post_init__(self) -> None:
        count = len(self.slice_indices)
        if not count or not len(self.sop_uids) == len(self.views) == len(self.lung_masks) == count:
            raise ValueError("a prepared study needs views, a mask and a UID for each of its slices")


def survey(path: Path, scratch: Path, budgets: Budgets) -> Survey:
    """The studies of the upload at `path`, from headers only. Raises an IntakeError when none can be read."""
    headers = read_headers(open_upload(path, scratch, budgets), budgets)
    return Survey(studies_of(headers), headers.skipped)


def prepare(study: Study, image_size: int, slices: int) -> PreparedStudy:
    """Views of at most `slices` slices of the best series in which lungs are found, `image_size` px a side.

    When no series can be used, raises the error of the best one: NoLung, a PixelError, or an error of `rank`.
    """
    cv2.setNumThreads(1)  # one worker runs on each core; more threads would compete for it
    ranked = rank(study)
    refused: dict[int, StudyError] = {}
    for position, (_, volume) in enumerate(ranked):
        if volume is None:
            continue
        try:
            series = _SeriesPreparation(volume)
            candidates = mark_refused([one for one, _ in ranked], refused, position)
            return series.prepared(study, candidates, image_size, slices)
        except (NoLung, PixelError) as error:
            refused[position] = error
    raise next(iter(refused.values())).for_study(study.study_uid)


class _SeriesPreparation:
    """Prepares one series: decodes each slice once and measures the seconds of each stage."""

    def __init__(self, volume: Volume) -> None:
        self._volume = volume
        self._decoded: dict[int, NDArray[np.int16]] = {}
        self._timings_s: dict[str, float] = {}

    def prepared(self, study: Study, candidates: tuple[Candidate, ...], image_size: int, slices: int) -> PreparedStudy:
        volume = self._volume
        spacing_mm = self.geometry.spacing_mm[1:]
        with self._stage("lungs"):
            sample = sample_masks(self)
            lungs = lungs_in(sample, self.geometry)
        chosen = choose_slices(lungs, slices)
        crop = Crop.around(lungs.box, image_size, spacing_mm).oriented(self.geometry.affine_lps)
        hus = [self.hu(index) for index in chosen]
        with self._stage("masks"):
            masks = [
                sample[index] if index in sample else lung_mask(hu, spacing_mm)
                for index, hu in zip(chosen, hus, strict=True)
            ]
        with self._stage("views"):
            views = np.stack([make_views(plain_view(hu, crop)) for hu in hus])
        return PreparedStudy(
            study_uid=volume.study_uid,
            series_uid=volume.series_uid,
            candidates=candidates,
            warnings=(*study.warnings, *volume.warnings),
            geometry=volume.geometry,
            slice_indices=chosen,
            sop_uids=tuple(volume.slices[index].sop_uid for index in chosen),
            crop=crop,
            lungs=lungs,
            views=views,
            lung_masks=np.stack([view_mask(mask, crop) for mask in masks]),
            timings_s=self._timings_s,
        )

    @property
    def geometry(self) -> Geometry:
        return self._volume.geometry

    def __len__(self) -> int:
        return len(self._volume)

    def hu(self, index: int) -> NDArray[np.int16]:
        if index not in self._decoded:
            with self._stage("decode"):
                self._decoded[index] = self._volume.hu(index)
        return self._decoded[index]

    @contextmanager
    def _stage(self, name: str) -> Iterator[None]:
        """Add the time of this block to the stage, without the time of stages inside it."""
        before, start = sum(self._timings_s.values()), perf_counter()
        yield
        inner = sum(self._timings_s.values()) - before
        self._timings_s[name] = self._timings_s.get(name, 0.0) + perf_counter() - start - inner


def mark_refused(candidates: list[Candidate], refused: Mapping[int, StudyError], chosen: int) -> tuple[Candidate, ...]:
    """The candidates with the reason of each that was tried and refused before the one at position `chosen`."""
    marked = list(candidates)
    for position, error in refused.items():
        marked[position] = replace(marked[position], chosen=False, reason=error.code, explanation=error.detail)
    if refused:
        explanation = "The best series in which lungs were found."
        marked[chosen] = replace(marked[chosen], chosen=True, reason="chosen", explanation=explanation)
    return tuple(marked)


def choose_slices(lungs: Lungs, slices: int) -> tuple[int, ...]:
    """Indices of at most `slices` slices: the middle of each of as many equal parts of the lungs' range.

    A slice of the sample within a quarter of a step of the middle is taken instead, since it is decoded already.
    """
    step = (lungs.last - lungs.first) / slices
    sample = np.array(sorted(lungs.areas_cm2))
    chosen = []
    for number in range(slices):
        middle = lungs.first + (number + 0.5) * step
        nearest = int(sample[np.abs(sample - middle).argmin()])
        chosen.append(nearest if abs(nearest - middle) <= REUSE_DISTANCE * step else round(middle))
    return tuple(sorted(set(chosen)))
