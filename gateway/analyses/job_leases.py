"""Job leases: a worker claims an analysis, sends heartbeats, and completes, retries, cancels or releases it.

Every call writes in one transaction, and only while the worker holds the lease. A call is safe to repeat when the
answer of PostgreSQL was lost: the second call finds the work done and changes nothing.
"""

from dataclasses import dataclass, field
from enum import Enum

import structlog

from gateway.analyses import retry_policy
from gateway.analyses.errors import AnalysisCrashed
from gateway.analyses.store import analyses, attempts, fair_order, job_leases
from gateway.analyses.store.attempts import HANDED_BACK, WORKER_LOST
from gateway.analyses.store.job_leases import JobLease
from gateway.analyses.store.job_queue import delete_lost_workers, enqueue, queued_without_job
from gateway.analyses.store.states import CANCELLED, DONE, FAILED, QUEUED
from gateway.database.connection import AsyncSession, Database
from gateway.database.tables import ReportRow
from gateway.errors import StorageFull
from gateway.fairness.wait_bound import Weights
from gateway.reports.report_body import ScanOutcome, body_of
from gateway.reports.store import reports
from gateway.screening.progress import Progress
from gateway.telemetry.metrics import Metrics
from screening.errors import StudyError
from screening.results.report import Report

log = structlog.get_logger(__name__)


class StopReason(Enum):
    """Why a worker must stop an analysis: another worker holds it or it was deleted, or a person cancelled it."""

    LOST = "lost"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class JobLeases:
    """The leases of one worker process; `worker` is its name, `weights` are those of the institutions."""

    database: Database
    metrics: Metrics
    worker: str
    weights: Weights = field(default_factory=dict)

    async def claim_next(self, model_card: str) -> JobLease | None:
        """Claim the analysis whose turn is next, for the weights of `model_card`; None when none waits."""
        lease = None
        async with self.database.transaction() as session:
            while lease is None and (analysis_id := await fair_order.next_analysis(session, self.weights)) is not None:
                lease = await job_leases.claim(session, analysis_id, self.worker, model_card)
        if lease is not None and lease.attempt == 1:
            self.metrics.analysis_wait_seconds.observe(lease.waited_s)
        return lease

    async def heartbeat(self, lease: JobLease, progress: Progress | None) -> StopReason | None:
        """Renew the lease, and store the progress unless it is None; returns why the worker must stop, or None."""
        async with self.database.transaction() as session:
            cancelled = await job_leases.heartbeat(session, lease)
            if cancelled is False and progress is not None:
                await job_leases.set_progress(
                    session, lease, progress.stage, progress.slices_done, progress.slices_total
                )
        if cancelled is None:
            return StopReason.LOST
        return StopReason.CANCELLED if cancelled else None

    async def cancel(self, lease: JobLease) -> None:
        """End the analysis as cancelled."""
        async with self.database.transaction() as session:
            ended = await job_leases.end(session, lease, CANCELLED)
        self._count(ended, CANCELLED, "none")

    async def release(self, lease: JobLease) -> None:
        """Put the analysis back into the queue at once, for another worker."""
        async with self.database.transaction() as session:
            await self._requeue(session, lease, HANDED_BACK, None, 0.0)

    async def wait_for_space(self, lease: JobLease, error: StorageFull) -> None:
        """Put the analysis back into the queue until space is free, however often that takes."""
        async with self.database.transaction() as session:
            await self._requeue(session, lease, error.code, error.detail, retry_policy.full_disk_pause_s())

    async def retry(self, lease: JobLease, error: StudyError) -> bool:
        """Put the analysis back into the queue for a later attempt.

        False, and nothing is written, when the error is not transient or came too often.
        """
        if not error.transient:
            return False
        async with self.database.transaction() as session:
            pause_s = retry_policy.pause_s(error.code, await attempts.past_errors(session, lease.analysis_id))
            if pause_s is not None:
                await self._requeue(session, lease, error.code, error.detail, pause_s)
        return pause_s is not None

    async def complete(
        self, lease: JobLease, studies: tuple[Report, ...], evidence_key: str | None, progress: Progress
    ) -> bool:
        """Write the report and the state `done` or `failed`; False, and nothing is written, when the lease is lost."""
        slices = (progress.slices_done, progress.slices_total)
        async with self.database.transaction() as session:
            return await self._complete(session, lease, studies, evidence_key, slices)

    async def has_report_with_evidence(self, evidence_key: str) -> bool:
        """Whether a report draws its heatmaps from the evidence under this key."""
        async with self.database.transaction() as session:
            return await reports.has_report_with_evidence(session, evidence_key)

    async def expired(self, silent_s: float) -> list[tuple[JobLease, bool]]:
        """Leases without a heartbeat for `silent_s`, and whether a cancellation of each was requested."""
        async with self.database.transaction() as session:
            return await job_leases.expired(session, silent_s)

    async def end_expired(self, lease: JobLease, cancelled: bool) -> None:
        """Put the analysis of a lost worker back into the queue; it fails when too many workers were lost on it."""
        async with self.database.transaction() as session:
            ended = await self._end_expired(session, lease, cancelled)
        if ended:
            self.metrics.takeovers.inc()
            log.warning("lease expired", analysis=str(lease.analysis_id), attempt=lease.attempt)

    async def requeue_missing_jobs(self, silent_s: float) -> None:
        """Enqueue missing jobs: a worker was killed between fetch and claim, or found the only scan locked."""
        async with self.database.transaction() as session:
            await delete_lost_workers(session, silent_s)
            for analysis_id, urgent in await queued_without_job(session):
                await enqueue(session, analysis_id, urgent=urgent)

    async def delete_old_turns(self) -> None:
        """Delete turns of the job queue that no longer decide an order."""
        async with self.database.transaction() as session:
            await fair_order.delete_old_turns(session)

    async def update_metrics(self) -> None:
        """Set the gauges of queued and running analyses."""
        async with self.database.transaction() as session:
            for state, count in (await analyses.counts(session)).items():
                self.metrics.analyses.labels(state).set(count)

    async def _end_expired(self, session: AsyncSession, lease: JobLease, cancelled: bool) -> bool:
        if cancelled:
            return await job_leases.end(session, lease, CANCELLED, error=WORKER_LOST)
        pause_s = retry_policy.pause_s(WORKER_LOST, await attempts.past_errors(session, lease.analysis_id))
        if pause_s is not None:
            return await self._requeue(session, lease, WORKER_LOST, None, pause_s)
        crashed = AnalysisCrashed("every worker that tried this study was killed or crashed")
        return await self._complete(session, lease, (Report.failed(lease.file_name, crashed, 0.0),))

    async def _requeue(
        self, session: AsyncSession, lease: JobLease, error: str, detail: str | None, pause_s: float
    ) -> bool:
        at = await job_leases.after(session, pause_s) if pause_s else None
        ended = await job_leases.end(session, lease, QUEUED, error=error, detail=detail, paused_until=at)
        if ended:
            await enqueue(session, lease.analysis_id, urgent=lease.urgent, at=at)
            self.metrics.analysis_retries.labels(error).inc()
        return ended

    async def _complete(
        self,
        session: AsyncSession,
        lease: JobLease,
        studies: tuple[Report, ...],
        evidence_key: str | None = None,
        slices: tuple[int, int] = (0, 0),
    ) -> bool:
        outcome, errors = ScanOutcome.of(studies), [report.error for report in studies if report.error is not None]
        failed = errors[0] if len(errors) == len(studies) else None
        ended = await job_leases.end(
            session,
            lease,
            FAILED if failed else DONE,
            error=failed.code if failed else None,
            detail=failed.detail if failed else None,
            slices=slices,
            timings_s={str(one.row["study_uid"]): dict(one.body["timings_s"]) for one in studies if one.error is None},
        )
        if ended:
            report = ReportRow(
                analysis_id=lease.analysis_id,
                scan_id=lease.scan_id,
                institution=lease.institution,
                model_card=lease.model_card,
                verdict=outcome.verdict,
                probability=outcome.probability,
                finding=outcome.finding,
                body=body_of(studies),
                evidence_key=evidence_key,
            )
            await reports.add(session, report, outcome.study_uid)
        self._count(ended, FAILED if failed else DONE, failed.code if failed else "none")
        return ended

    def _count(self, ended: bool, state: str, error: str) -> None:
        if ended:
            self.metrics.analyses_ended.labels(state, error).inc()
