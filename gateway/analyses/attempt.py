"""One attempt at one analysis, from the stored upload to the stored report, watched over while it runs."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any, Final, TypeVar
from uuid import UUID

import structlog

from gateway.analyses.errors import AnalysisCrashed, UploadLost, UploadUnavailable
from gateway.analyses.job_leases import Over, Turns
from gateway.analyses.store.job_leases import Turn
from gateway.analyses.store.notifications import News
from gateway.errors import DatabaseAway, ObjectMissing, StorageAway, StorageFull
from gateway.screening.active_networks import Networks
from gateway.screening.operating_point import OperatingPoints
from gateway.screening.pipeline import Analysis, Screened, Upload
from gateway.screening.progress import Progress
from gateway.storage.blobs import Blobs
from screening.contract import Priority
from screening.errors import StudyError
from screening.evidence import pack
from screening.report import Report

T = TypeVar("T")

log = structlog.get_logger(__name__)

AWAY_PAUSE_S: Final = 0.5
LEAST_PAUSE_S: Final = 0.2  # between two words on progress
HAND_BACK_S: Final = 5.0


@dataclass(frozen=True)
class Attempts:
    """Makes attempts; every `heartbeat_s` at the latest it says that it lives."""

    turns: Turns
    networks: Networks
    points: OperatingPoints
    blobs: Blobs
    news: News
    scratch: Path | None
    heartbeat_s: float

    async def at(self, analysis_id: UUID) -> None:
        """Try the analysis, if it is still to be done.

        Cancelling this call hands the analysis back. Raises DatabaseAway only before anything has begun.
        """
        async with self.networks.in_use() as served:
            turn = await self.turns.take(analysis_id, served.card.version)
            if turn is not None:
                priority = Priority.URGENT if turn.urgent else Priority.ROUTINE
                await self._attempt(turn, served.analysis.going(priority))

    async def _attempt(self, turn: Turn, analysis: Analysis) -> None:
        structlog.contextvars.bind_contextvars(analysis=str(turn.analysis_id), attempt=turn.attempt)
        with self.news.of(turn.analysis_id) as changed:
            run = _Run(turn, analysis, changed)
            work = asyncio.create_task(self._work(run))
            watch = asyncio.create_task(self._watch(run))
            try:
                await asyncio.wait({work, watch}, return_when=asyncio.FIRST_COMPLETED)
            except asyncio.CancelledError:
                await _stopped(work, watch)
                await self._hand_back(turn)
                raise
            await _stopped(work, watch)
        if not watch.cancelled() and watch.result() is Over.CANCELLED:
            await _until_done(partial(self.turns.cancel, turn))
        await self._drop_unkept_evidence(run)
        if not work.cancelled():
            work.result()

    async def _work(self, run: "_Run") -> None:
        screened = await self._screened(run)
        if await self._tried_again(run.turn, screened):
            return
        studies = tuple(study.report for study in screened)
        with self.turns.metrics.stage("store", {}):  # after the report, which cannot tell how long it took to be kept
            key = await self._evidence_kept(run, screened)
            concluded = await _until_done(partial(self.turns.conclude, run.turn, studies, key, run.progress))
        if concluded:
            self.turns.metrics.analysis_run_seconds.observe(monotonic() - run.begun_s)

    async def _screened(self, run: "_Run") -> tuple[Screened, ...]:
        """What came of the upload; a failure of the house is a report too."""
        try:
            force = await _until_done(partial(self.points.read, run.turn.institution, run.analysis.card))
            async with self._upload(run.turn) as upload:
                return await run.analysis.judging_at(force.point).screened(upload, run.tell)
        except StudyError as error:
            failure: StudyError = error
        except ObjectMissing:
            failure = UploadLost("the scan's file is not in the store any more")
        except (StorageAway, StorageFull):
            failure = UploadUnavailable("the scan's file cannot be read now")
        except Exception:
            log.exception("a fault of the program")
            failure = AnalysisCrashed("the program failed on this study; the analysis' id finds the reason in its log")
        return (Screened(Report.failed(run.turn.file_name, failure, 0.0)),)

    @asynccontextmanager
    async def _upload(self, turn: Turn) -> AsyncIterator[Upload]:
        """The scan's file, and an empty folder to work in."""
        with _folder(self.scratch) as copy, _folder(self.scratch) as work:
            async with self.blobs.local_path(turn.sha256, copy) as path:
                yield Upload(path, turn.file_name, work)

    async def _tried_again(self, turn: Turn, screened: tuple[Screened, ...]) -> bool:
        """Whether some study failed for what may pass, and the whole upload waits for another attempt."""
        passing = [s.report.error for s in screened if s.report.error is not None and s.report.error.transient]
        return bool(passing) and await _until_done(partial(self.turns.try_again, turn, passing[0]))

    async def _evidence_kept(self, run: "_Run", screened: tuple[Screened, ...]) -> str | None:
        """The key under which heatmaps can be drawn later. A report without them is better than none."""
        evidence = [study.evidence for study in screened if study.evidence is not None]
        if not evidence:
            return None
        run.evidence_key = key = f"{run.evidence_folder}/evidence.npz"
        try:
            await self.blobs.put_derived(key, await asyncio.to_thread(pack, evidence))
        except (StorageAway, StorageFull) as error:
            log.warning("no heatmaps kept", error=error.code)
            return None
        return key

    async def _drop_unkept_evidence(self, run: "_Run") -> None:
        """Take away the evidence of a turn that ended without its report: the scan is gone, or the turn was lost."""
        if run.evidence_key and not await _until_done(partial(self.turns.keeps, run.evidence_key)):
            await self.blobs.delete_derived(run.evidence_folder)

    async def _watch(self, run: "_Run") -> Over:
        """Return when the turn is over for a reason that lies outside."""
        told: Progress | None = None
        while True:
            run.changed.clear()
            progress = run.progress
            with suppress(DatabaseAway):  # who is silent for too long is taken over, and learns it when it speaks again
                over = await self.turns.keep(run.turn, None if progress == told else progress)
                if over is not None:
                    return over
                told = progress
            await asyncio.sleep(LEAST_PAUSE_S)
            with suppress(TimeoutError):
                await asyncio.wait_for(run.changed.wait(), self.heartbeat_s)

    async def _hand_back(self, turn: Turn) -> None:
        try:
            async with asyncio.timeout(HAND_BACK_S):
                await self.turns.hand_back(turn)
        except (TimeoutError, DatabaseAway):
            log.warning("not handed back; another worker takes it over later")


@dataclass
class _Run:
    """An attempt under way: its turn and networks, how far it is, and the event that says that something changed."""

    turn: Turn
    analysis: Analysis
    changed: asyncio.Event
    progress: Progress = field(default_factory=Progress)
    begun_s: float = field(default_factory=monotonic)
    evidence_key: str | None = None

    @property
    def evidence_folder(self) -> str:
        """Of this attempt alone: nobody writes over another's."""
        return f"analyses/{self.turn.analysis_id}/{self.turn.attempt}"

    def tell(self, progress: Progress) -> None:
        self.progress = progress
        self.changed.set()


@contextmanager
def _folder(within: Path | None) -> Iterator[Path]:
    with TemporaryDirectory(prefix="turnstile-", dir=within) as folder:
        yield Path(folder)


async def _until_done(call: Callable[[], Awaitable[T]]) -> T:
    """Ask again while PostgreSQL is away; a turn that is lost meanwhile is found out by the call itself."""
    while True:
        try:
            return await call()
        except DatabaseAway:
            await asyncio.sleep(AWAY_PAUSE_S)


async def _stopped(*tasks: asyncio.Task[Any]) -> None:
    """Cancel what still runs, and return when it has tidied up."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
