"""Fetches a study whole: series by series, each compared with the number of instances that the archive tells."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

import structlog

from gateway.pacs.archives.archive import Archive, SubOperations
from gateway.pacs.archives.errors import ArchiveUnavailable, InvalidAnswer, StudyIncomplete, StudyNotFetched
from gateway.pacs.archives.instances import SeriesFolder
from gateway.pacs.archives.query import FoundSeries, FoundStudy

T = TypeVar("T")

log = structlog.get_logger(__name__)

PAUSES_S: Final = (1.0, 5.0, 20.0)  # before each further attempt


@dataclass(frozen=True)
class Fetcher:
    """Fetches from one archive; a series that fails is asked for again after each of `pauses_s`."""

    archive: Archive
    pauses_s: Sequence[float] = PAUSES_S

    async def series(self, study: FoundStudy) -> list[FoundSeries]:
        """The series of the study; raises StudyIncomplete when they have fewer instances than the study.

        An archive that is still receiving the study may answer so.
        """
        series = await self._persist(partial(self.archive.series, study.study_uid))
        if not series:
            raise StudyNotFetched("the archive tells no series of the study")
        if all(one.instances is not None for one in series) and study.instances is not None:
            listed = sum(one.instances or 0 for one in series)
            if listed < study.instances:
                raise StudyIncomplete(
                    f"the archive says that the study has {study.instances} instances, and its series have {listed}"
                )
        return series

    async def fetch(self, study: FoundStudy, series: Sequence[FoundSeries], folder: Path) -> int:
        """Fetch these series into `folder`, one folder a series; gives the number of instances.

        Raises StudyNotFetched, or ArchiveUnavailable when the archive cannot be reached at all.
        """
        count = 0
        for one in series:
            into = SeriesFolder(folder / one.series_uid, study.study_uid, one.series_uid, one.modality)
            await self._persist(partial(self._fetch_series, one, into))
            count += into.count
        return count

    async def _fetch_series(self, series: FoundSeries, into: SeriesFolder) -> None:
        expected = series.instances
        if expected is None:
            expected = await self.archive.count_instances(into.study_uid, into.series_uid)
        counted = await self.archive.retrieve(into)
        came = await asyncio.to_thread(lambda: into.count)
        if came < expected or not came or _some_missing(counted):
            told = f"; {counted}" if counted is not None else ""
            raise StudyIncomplete(f"{came} of {expected} instances of a series came{told}")

    async def _persist(self, call: Callable[[], Awaitable[T]]) -> T:
        """The result of the call, which is repeated while it fails.

        When the archive answers otherwise, a failure is the study's (StudyNotFetched), so that a single study that ends
        every association does not stop a run.
        """
        for pause_s in self.pauses_s:
            try:
                return await call()
            except (ArchiveUnavailable, InvalidAnswer, StudyIncomplete) as error:
                log.warning(
                    "an archive is asked again", archive=self.archive.name, error=error.code, detail=error.detail
                )
                await asyncio.sleep(pause_s)
        try:
            return await call()
        except (ArchiveUnavailable, InvalidAnswer) as error:
            if await self.archive.answers():
                raise StudyNotFetched(f"the archive answers, but not for this study: {error.detail}") from error
            raise


def _some_missing(counted: SubOperations | None) -> bool:
    return counted is not None and (counted.failed > 0 or counted.remaining > 0)
