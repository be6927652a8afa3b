"""One attempt at one analysis: claim the lease, screen the stored upload, store the report; heartbeats meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any, Final

import structlog

from gateway.analyses.errors import AnalysisCrashed, UploadLost, UploadUnavailable
from gateway.analyses.job_leases import JobLeases, StopReason
from gateway.analyses.store.job_leases import JobLease
from gateway.analyses.store.notifications import Notifications
from gateway.database.until_available import until_database_answers
from gateway.errors import DatabaseUnavailable, ObjectMissing, StorageFull, StorageUnavailable
from gateway.fairness.party import Party
from gateway.screening.active_networks import ActiveNetworks
from gateway.screening.card_in_force import CardsInForce
from gateway.screening.costly_failures import CostlyFailures
from gateway.screening.decode_workers import SCRATCH_FULL
from gateway.screening.pipeline import ScreenedStudy, ScreeningPipeline, Upload
from gateway.screening.progress import Progress
from gateway.storage.blobs import Blobs
from gateway.storage.disk_reserve import is_full_or_read_only
from screening.contract import Priority
from screening.errors import StudyError
from screening.results.evidence import pack
from screening.results.report import Report

log = structlog.get_logger(__name__)

MIN_HEARTBEAT_INTERVAL_S: Final = 0.2
RELEASE_TIMEOUT_S: Final = 5.0


@dataclass(frozen=True)
class Attempts:
    """Runs attempts; each sends a heartbeat at least every `heartbeat_s`."""

    leases: JobLeases
    networks: ActiveNetworks
    cards: CardsInForce
    blobs: Blobs
    notifications: Notifications
    scratch: Path
    heartbeat_s: float

    async def run(self) -> None:
        """Run one attempt at the analysis whose turn is next; nothing when none waits.

        Cancelling this call releases the lease. Raises DatabaseUnavailable only before the lease is claimed.
        """
        async with self.networks.in_use() as served:
            lease = await self.leases.claim_next(served.card.version)
            if lease is not None:
                priority = Priority.URGENT if lease.urgent else Priority.ROUTINE
                party = Party(lease.institution, lease.requested_by)
                pipeline = served.pipeline.with_priority(priority).on_behalf_of(party, patient=True)
                await self._run_attempt(lease, pipeline)

    async def _run_attempt(self, lease: JobLease, pipeline: ScreeningPipeline) -> None:
        structlog.contextvars.bind_contextvars(analysis=str(lease.analysis_id), attempt=lease.attempt)
        with self.notifications.subscribe(lease.analysis_id) as changed:
            run = _RunningAttempt(lease, pipeline, changed)
            screening = asyncio.create_task(self._run_analysis(run))
            heartbeats = asyncio.create_task(self._heartbeats(run))
            try:
                await asyncio.wait({screening, heartbeats}, return_when=asyncio.FIRST_COMPLETED)
            except asyncio.CancelledError:
                await _cancel_all(screening, heartbeats)
                await self._release(lease)
                raise
            await _cancel_all(screening, heartbeats)
        if not heartbeats.cancelled() and heartbeats.result() is StopReason.CANCELLED:
            await until_database_answers(partial(self.leases.cancel, lease))
        await self._delete_unused_evidence(run)
        if not screening.cancelled():
            screening.result()

    async def _run_analysis(self, run: "_RunningAttempt") -> None:
        try:
            screened = await self._screen(run)
        except StorageFull as error:  # the operator has to free space; an accepted scan waits for that
            await until_database_answers(partial(self.leases.wait_for_space, run.lease, error))
            return
        if await self._retry_if_transient(run.lease, screened):
            return
        studies = tuple(study.report for study in screened)
        with self.leases.metrics.stage("store", {}):  # not part of the report's timings: it is written by then
            key = await self._store_evidence(run, screened)
            completed = await until_database_answers(
                partial(self.leases.complete, run.lease, studies, key, run.progress)
            )
        if completed:
            self.leases.metrics.analysis_run_seconds.observe(monotonic() - run.begun_s)

    async def _screen(self, run: "_RunningAttempt") -> tuple[ScreenedStudy, ...]:
        """The outcome of each study; a failure of the service is a report too. Raises StorageFull."""
        try:
            card = await until_database_answers(
                partial(self.cards.for_screening, run.lease.institution, run.pipeline.card)
            )
            async with self._open_upload(run.lease) as upload:
                return await run.pipeline.with_card(card).screen(upload, run.report_progress)
        except StudyError as error:
            failure: StudyError = error
        except ObjectMissing:
            failure = UploadLost("the scan's file is not in the blob store any more")
        except StorageUnavailable:
            failure = UploadUnavailable("the scan's file cannot be read now")
        except StorageFull:
            raise
        except Exception as error:
            if is_full_or_read_only(error):
                raise StorageFull(SCRATCH_FULL) from None
            log.exception("the program failed on an analysis")
            failure = AnalysisCrashed("the program failed on this study; the analysis' id finds the reason in its log")
        return (ScreenedStudy(Report.failed(run.lease.file_name, failure, 0.0)),)

    @asynccontextmanager
    async def _open_upload(self, lease: JobLease) -> AsyncIterator[Upload]:
        """The scan's file, and an empty scratch folder."""
        with _temporary_folder(self.scratch) as copy, _temporary_folder(self.scratch) as screening:
            async with self.blobs.local_path(lease.sha256, copy) as path:
                yield Upload(path, lease.file_name, screening, lease.sha256, CostlyFailures(self.blobs))

    async def _retry_if_transient(self, lease: JobLease, screened: tuple[ScreenedStudy, ...]) -> bool:
        """Whether a study failed with a transient error, and the whole upload was queued for another attempt."""
        transient = [s.report.error for s in screened if s.report.error is not None and s.report.error.transient]
        return bool(transient) and await until_database_answers(partial(self.leases.retry, lease, transient[0]))

    async def _store_evidence(self, run: "_RunningAttempt", screened: tuple[ScreenedStudy, ...]) -> str | None:
        """Store what heatmaps are drawn from; returns its key. Without it the report is stored all the same."""
        evidence = [study.evidence for study in screened if study.evidence is not None]
        if not evidence:
            return None
        run.evidence_key = key = f"{run.evidence_folder}/evidence.npz"
        try:
            await self.blobs.put_derived(key, await asyncio.to_thread(pack, evidence))
        except (StorageUnavailable, StorageFull) as error:
            log.warning("no heatmaps stored", error=error.code)
            return None
        return key

    async def _delete_unused_evidence(self, run: "_RunningAttempt") -> None:
        """Delete the evidence of an attempt without a report: the scan was deleted, or the lease was lost."""
        if run.evidence_key and not await until_database_answers(
            partial(self.leases.has_report_with_evidence, run.evidence_key)
        ):
            await self.blobs.delete_derived(run.evidence_folder)

    async def _heartbeats(self, run: "_RunningAttempt") -> StopReason:
        """Send heartbeats until another worker or a person ends the lease; returns the reason."""
        sent: Progress | None = None
        while True:
            run.changed.clear()
            progress = run.progress
            with suppress(DatabaseUnavailable):  # the lease may expire; the next heartbeat tells
                reason = await self.leases.heartbeat(run.lease, None if progress == sent else progress)
                if reason is not None:
                    return reason
                sent = progress
            await asyncio.sleep(MIN_HEARTBEAT_INTERVAL_S)
            with suppress(TimeoutError):
                await asyncio.wait_for(run.changed.wait(), self.heartbeat_s)

    async def _release(self, lease: JobLease) -> None:
        try:
            async with asyncio.timeout(RELEASE_TIMEOUT_S):
                await self.leases.release(lease)
        except (TimeoutError, DatabaseUnavailable):
            log.warning("lease not released; it expires and another worker claims the analysis")


@dataclass
class _RunningAttempt:
    """An attempt in progress: its lease, the pipeline of its networks, its progress, and an event for each change."""

    lease: JobLease
    pipeline: ScreeningPipeline
    changed: asyncio.Event
    progress: Progress = field(default_factory=Progress)
    begun_s: float = field(default_factory=monotonic)
    evidence_key: str | None = None

    @property
    def evidence_folder(self) -> str:
        """The folder of this attempt alone: attempts never overwrite each other's evidence."""
        return f"analyses/{self.lease.analysis_id}/{self.lease.attempt}"

    def report_progress(self, progress: Progress) -> None:
        self.progress = progress
        self.changed.set()


@contextmanager
def _temporary_folder(within: Path) -> Iterator[Path]:
    with TemporaryDirectory(dir=within) as folder:
        yield Path(folder)


async def _cancel_all(*tasks: asyncio.Task[Any]) -> None:
    """Cancel the tasks that still run, and wait for their end."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
