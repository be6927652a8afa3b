"""The progress of screening one upload."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum


class Stage(StrEnum):
    """The stages in order; `slices` and `networks` repeat for each study of the upload."""

    READING = "reading"
    SLICES = "slices"
    NETWORKS = "networks"
    REPORT = "report"


@dataclass(frozen=True)
class Progress:
    """The stage, and how many slices of all the networks have screened; 0 of 0 until the total is known."""

    stage: Stage = Stage.READING
    slices_done: int = 0
    slices_total: int = 0


OnProgress = Callable[[Progress], None]


def ignore_progress(_: Progress) -> None:
    """For callers that show no progress."""


class ProgressCounter:
    """Counts the progress of one upload and calls `on_progress` with each step."""

    def __init__(self, on_progress: OnProgress, slices_per_study: int) -> None:
        self._on_progress = on_progress
        self._slices_per_study = slices_per_study
        self._current = Progress()
        on_progress(self._current)

    def studies_found(self, studies: int) -> None:
        """The upload is read and holds `studies` studies; each counts the same number of slices."""
        self._current = replace(self._current, slices_total=studies * self._slices_per_study)

    def study_started(self) -> None:
        """The slices of the next study are prepared."""
        self._set(replace(self._current, stage=Stage.SLICES))

    def inference_started(self, slices: int) -> None:
        """`slices` of the study are sent to the networks; until then their number was an estimate."""
        total = self._current.slices_total + slices - self._slices_per_study
        self._set(replace(self._current, stage=Stage.NETWORKS, slices_total=total))

    def slices_screened(self, slices: int) -> None:
        """The networks have answered for `slices` more slices."""
        self._set(replace(self._current, slices_done=self._current.slices_done + slices))

    def report_started(self) -> None:
        """All studies are screened; the report is written."""
        self._set(Progress(Stage.REPORT, self._current.slices_total, self._current.slices_total))

    def _set(self, progress: Progress) -> None:
        self._current = progress
        self._on_progress(progress)
