"""How far the analysis of an upload is, told as it goes."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum


class Stage(StrEnum):
    """What an analysis does now, in this order; `slices` and `networks` come again for each study of the upload."""

    READING = "reading"
    SLICES = "slices"
    NETWORKS = "networks"
    REPORT = "report"


@dataclass(frozen=True)
class Progress:
    """The stage, and of all slices that the networks will see those that they have seen; 0 of 0 until it is known."""

    stage: Stage = Stage.READING
    slices_done: int = 0
    slices_total: int = 0


OnProgress = Callable[[Progress], None]


def untold(_: Progress) -> None:
    """For callers that nobody watches."""


class Steps:
    """Counts the steps of one upload and tells each to `tell`."""

    def __init__(self, tell: OnProgress, slices_per_study: int) -> None:
        self._tell = tell
        self._slices_per_study = slices_per_study
        self._now = Progress()
        tell(self._now)

    def found(self, studies: int) -> None:
        """The upload is read; every study counts as much as any other."""
        self._now = replace(self._now, slices_total=studies * self._slices_per_study)

    def study(self, number: int) -> None:
        """The slices of the number-th study, from 0, are prepared next."""
        self._take(replace(self._now, stage=Stage.SLICES, slices_done=number * self._slices_per_study))

    def networks(self) -> None:
        """The slices of the study go to the networks."""
        self._take(replace(self._now, stage=Stage.NETWORKS))

    def seen(self, slices: int) -> None:
        """The networks have seen so many slices more."""
        self._take(replace(self._now, slices_done=self._now.slices_done + slices))

    def report(self) -> None:
        """All is said; the report is written."""
        self._take(Progress(Stage.REPORT, self._now.slices_total, self._now.slices_total))

    def _take(self, step: Progress) -> None:
        self._now = step
        self._tell(step)
