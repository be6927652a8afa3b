"""Requests about analyses: request, watch, cancel. Workers run them."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from gateway.analyses.store import analyses, attempts, fair_order
from gateway.analyses.store.notifications import Notifications
from gateway.analyses.store.states import FINAL, QUEUED
from gateway.audit import audit_log
from gateway.database.connection import AsyncSession, Database
from gateway.database.tables import AnalysisRow, AttemptRow
from gateway.errors import DatabaseUnavailable, GatewayError, NoAnalysis, NotFound
from gateway.fairness.wait_bound import Weights
from gateway.principal import Principal, RequestContext
from gateway.records.store import scans

POLL_S: Final = 3.0  # notifications may get lost, and a new place in the queue sends none


@dataclass(frozen=True)
class AnalysisStatus:
    """An analysis and, while it is queued, its position in the queue, from 1; by fair order it is at most that."""

    row: AnalysisRow
    queue_position: int | None

    @property
    def is_final(self) -> bool:
        return self.row.state in FINAL


@dataclass(frozen=True)
class Analyses:
    """Analyses of the principal's institution; calls about other or missing scans raise NotFound."""

    database: Database
    notifications: Notifications
    weights: Weights = field(default_factory=dict)

    async def request(
        self, principal: Principal, context: RequestContext, scan_id: UUID, *, urgent: bool
    ) -> AnalysisStatus:
        """Request an analysis of the scan; returns the unfinished one where there is one."""
        async with self.database.transaction() as session:
            row = await analyses.request(session, principal.institution, scan_id, principal.key, urgent=urgent)
            if row is None:
                raise NotFound("there is no such scan")
            status = await self._status_of(session, row)
            detail: dict[str, str | bool] = {"scan": str(scan_id), "urgent": urgent}
            await audit_log.record(session, principal, audit_log.Action.EXECUTE, "analysis", row.id, context, detail)
        return status

    async def request_all(
        self, principal: Principal, context: RequestContext, scan_ids: Sequence[UUID], *, urgent: bool
    ) -> list[tuple[UUID, AnalysisStatus | GatewayError]]:
        """Request an analysis of each scan; for each scan, in order, the analysis or the error."""
        answers: list[tuple[UUID, AnalysisStatus | GatewayError]] = []
        for scan_id in scan_ids:
            try:
                answers.append((scan_id, await self.request(principal, context, scan_id, urgent=urgent)))
            except NotFound as error:
                answers.append((scan_id, error))
        return answers

    async def newest(self, principal: Principal, scan_id: UUID) -> AnalysisStatus:
        """The scan's newest analysis; raises NoAnalysis."""
        async with self.database.transaction() as session:
            row = await analyses.newest(session, principal.institution, scan_id)
            if row is None:
                await self._check_scan_exists(session, principal, scan_id)
                raise NoAnalysis("this scan was never analysed")
            return await self._status_of(session, row)

    async def all(self, principal: Principal, scan_id: UUID) -> list[tuple[AnalysisStatus, list[AttemptRow]]]:
        """All analyses of the scan, newest first, each with its attempts."""
        async with self.database.transaction() as session:
            await self._check_scan_exists(session, principal, scan_id)
            rows = await analyses.of_scan(session, principal.institution, scan_id)
            made = await attempts.of_analyses(session, [row.id for row in rows])
            return [
                (await self._status_of(session, row), [one for one in made if one.analysis_id == row.id])
                for row in rows
            ]

    async def cancel(self, principal: Principal, context: RequestContext, scan_id: UUID) -> AnalysisStatus:
        """Cancel the newest analysis; an ended one does not change."""
        async with self.database.transaction() as session:
            row = await analyses.cancel(session, principal.institution, scan_id)
            if row is None:
                await self._check_scan_exists(session, principal, scan_id)
                raise NoAnalysis("this scan was never analysed")
            status = await self._status_of(session, row)
            detail = {"scan": str(scan_id)}
            await audit_log.record(session, principal, audit_log.Action.DELETE, "analysis", row.id, context, detail)
        return status

    async def wait_until_ended(self, principal: Principal, status: AnalysisStatus, wait_s: float) -> AnalysisStatus:
        """Wait until the analysis has ended, at most `wait_s` seconds, and return its last status.

        Raises NotFound when its scan is deleted meanwhile. Between two reads no database connection is held.
        """
        try:
            async with asyncio.timeout(wait_s):
                async for later in self.watch(principal, status):
                    status = later
        except TimeoutError:
            return status
        if not status.is_final and not self.notifications.closed:
            raise NotFound("the scan was deleted while it was analysed")
        return status

    async def watch(self, principal: Principal, status: AnalysisStatus) -> AsyncIterator[AnalysisStatus]:
        """Yield the status now and after each possible change, until the analysis has ended or the service stops."""
        with self.notifications.subscribe(status.row.id, progress=True) as changed:
            while not self.notifications.closed:
                changed.clear()
                with suppress(DatabaseUnavailable):
                    now = await self._reload(principal, status)
                    if now is None:
                        return
                    yield now
                    if now.is_final:
                        return
                with suppress(TimeoutError):
                    await asyncio.wait_for(changed.wait(), POLL_S)

    async def _reload(self, principal: Principal, status: AnalysisStatus) -> AnalysisStatus | None:
        async with self.database.transaction() as session:
            row = await analyses.find(session, principal.institution, status.row.id)
            return None if row is None else await self._status_of(session, row)

    async def _check_scan_exists(self, session: AsyncSession, principal: Principal, scan_id: UUID) -> None:
        if not await scans.exists(session, principal.institution, scan_id):
            raise NotFound("there is no such scan")

    async def _status_of(self, session: AsyncSession, row: AnalysisRow) -> AnalysisStatus:
        ahead = await fair_order.ahead_of(session, row, self.weights) if row.state == QUEUED else None
        return AnalysisStatus(row, None if ahead is None else ahead + 1)
