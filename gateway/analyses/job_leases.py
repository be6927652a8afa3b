"""A worker's turn at an analysis: taken, kept, and ended in exactly one way.

Whatever a call here writes, it writes in one transaction, and only while the turn is the worker's. An answer of
PostgreSQL that got lost does no harm: asked again, the call finds its own work done and changes nothing.
"""

from dataclasses import dataclass
from enum import Enum
from uuid import UUID

import structlog

from gateway.analyses import retry_policy
from gateway.analyses.errors import AnalysisCrashed
from gateway.analyses.store import analyses, attempts, job_leases
from gateway.analyses.store.attempts import HANDED_BACK, WORKER_LOST
from gateway.analyses.store.job_leases import Turn
from gateway.analyses.store.job_queue import enqueue, forget_dead, without_job
from gateway.analyses.store.states import CANCELLED, DONE, FAILED, QUEUED
from gateway.database.connection import AsyncSession, Database
from gateway.database.tables import ReportRow
from gateway.reports.report_body import Said, body_of
from gateway.reports.store import reports
from gateway.screening.progress import Progress
from gateway.telemetry.metrics import Metrics
from screening.errors import StudyError
from screening.report import Report

log = structlog.get_logger(__name__)


class Over(Enum):
    """Why a worker has to let go of an analysis."""

    LOST = "lost"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Turns:
    """The turns of one worker process, which `worker` names."""

    database: Database
    metrics: Metrics
    worker: str

    async def take(self, analysis_id: UUID, model_card: str) -> Turn | None:
        """Begin with the weights of `model_card`, unless the analysis is cancelled, done, or another worker's."""
        async with self.database.transaction() as session:
            turn = await job_leases.claim(session, analysis_id, self.worker, model_card)
        if turn is not None and turn.attempt == 1:
            self.metrics.analysis_wait_seconds.observe(turn.waited_s)
        return turn

    async def keep(self, turn: Turn, progress: Progress | None) -> Over | None:
        """Say that the worker lives and, unless None, how far it is; answer whether it has to let go."""
        async with self.database.transaction() as session:
            cancelled = await job_leases.beat(session, turn)
            if cancelled is False and progress is not None:
                await job_leases.advance(session, turn, progress.stage, progress.slices_done, progress.slices_total)
        if cancelled is None:
            return Over.LOST
        return Over.CANCELLED if cancelled else None

    async def cancel(self, turn: Turn) -> None:
        """End as the person wished."""
        async with self.database.transaction() as session:
            left = await job_leases.leave(session, turn, CANCELLED)
        self._count(left, CANCELLED, "none")

    async def hand_back(self, turn: Turn) -> None:
        """Let another worker take it, at once."""
        async with self.database.transaction() as session:
            await self._try_again(session, turn, HANDED_BACK, None, 0.0)

    async def try_again(self, turn: Turn, error: StudyError) -> bool:
        """Put it back for later, when the error may pass and has not come too often; answer whether that was so."""
        if not error.transient:
            return False
        async with self.database.transaction() as session:
            pause_s = retry_policy.pause_s(error.code, await attempts.endings(session, turn.analysis_id))
            if pause_s is not None:
                await self._try_again(session, turn, error.code, error.detail, pause_s)
        return pause_s is not None

    async def conclude(
        self, turn: Turn, studies: tuple[Report, ...], evidence_key: str | None, progress: Progress
    ) -> bool:
        """Write the report, and with it `done` or `failed`; False, and nothing, when the turn is lost."""
        slices = (progress.slices_done, progress.slices_total)
        async with self.database.transaction() as session:
            return await self._concluded(session, turn, studies, evidence_key, slices)

    async def keeps(self, evidence_key: str) -> bool:
        """Whether some report's heatmaps are drawn from what is stored under this key."""
        async with self.database.transaction() as session:
            return await reports.keeps(session, evidence_key)

    async def abandoned(self, silent_s: float) -> list[tuple[Turn, bool]]:
        """Turns of workers that died, and whether each was to be cancelled."""
        async with self.database.transaction() as session:
            return await job_leases.abandoned(session, silent_s)

    async def take_over(self, turn: Turn, cancelled: bool) -> None:
        """Give a dead worker's analysis to another one; give up the study that has seen too many die."""
        async with self.database.transaction() as session:
            taken = await self._taken_over(session, turn, cancelled)
        if taken:
            self.metrics.takeovers.inc()
            log.warning("analysis taken over", analysis=str(turn.analysis_id), attempt=turn.attempt)

    async def requeue_forgotten(self, silent_s: float) -> None:
        """Put in a job for each analysis that waits without one: its worker died between fetching and beginning."""
        async with self.database.transaction() as session:
            await forget_dead(session, silent_s)
            for analysis_id, urgent in await without_job(session):
                await enqueue(session, analysis_id, urgent=urgent)

    async def measure(self) -> None:
        """Count what waits and what runs."""
        async with self.database.transaction() as session:
            for state, count in (await analyses.counts(session)).items():
                self.metrics.analyses.labels(state).set(count)

    async def _taken_over(self, session: AsyncSession, turn: Turn, cancelled: bool) -> bool:
        if cancelled:
            return await job_leases.leave(session, turn, CANCELLED, error=WORKER_LOST)
        pause_s = retry_policy.pause_s(WORKER_LOST, await attempts.endings(session, turn.analysis_id))
        if pause_s is not None:
            return await self._try_again(session, turn, WORKER_LOST, None, pause_s)
        crashed = AnalysisCrashed("every worker that tried this study died")
        return await self._concluded(session, turn, (Report.failed(turn.file_name, crashed, 0.0),))

    async def _try_again(
        self, session: AsyncSession, turn: Turn, error: str, detail: str | None, pause_s: float
    ) -> bool:
        left = await job_leases.leave(session, turn, QUEUED, error=error, detail=detail)
        if left:
            await enqueue(session, turn.analysis_id, urgent=turn.urgent, pause_s=pause_s)
            self.metrics.analysis_retries.labels(error).inc()
        return left

    async def _concluded(
        self,
        session: AsyncSession,
        turn: Turn,
        studies: tuple[Report, ...],
        evidence_key: str | None = None,
        slices: tuple[int, int] = (0, 0),
    ) -> bool:
        said, errors = Said.of(studies), [report.error for report in studies if report.error is not None]
        failed = errors[0] if len(errors) == len(studies) else None
        left = await job_leases.leave(
            session,
            turn,
            FAILED if failed else DONE,
            error=failed.code if failed else None,
            detail=failed.detail if failed else None,
            slices=slices,
            timings_s={str(one.row["study_uid"]): dict(one.body["timings_s"]) for one in studies if one.error is None},
        )
        if left:
            report = ReportRow(
                analysis_id=turn.analysis_id,
                scan_id=turn.scan_id,
                institution=turn.institution,
                model_card=turn.model_card,
                verdict=said.verdict,
                probability=said.probability,
                finding=said.finding,
                body=body_of(studies),
                evidence_key=evidence_key,
            )
            await reports.add(session, report, said.study_uid)
        self._count(left, FAILED if failed else DONE, failed.code if failed else "none")
        return left

    def _count(self, left: bool, state: str, error: str) -> None:
        if left:
            self.metrics.analyses_ended.labels(state, error).inc()
