"""Analyses as those who ask for them see them: requested, watched, cancelled. A worker does the rest."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from gateway.analyses.store import analyses, attempts
from gateway.analyses.store.notifications import News
from gateway.analyses.store.states import FINAL, QUEUED
from gateway.audit import audit_log
from gateway.database.connection import AsyncSession, Database
from gateway.database.tables import AnalysisRow, AttemptRow
from gateway.errors import DatabaseAway, GatewayError, NoAnalysis, NotFound
from gateway.principal import Principal, RequestContext
from gateway.records.store import scans

POLL_S: Final = 3.0  # news may get lost, and of a place in the queue there is none


@dataclass(frozen=True)
class Seen:
    """An analysis and, while it waits, its place in the queue, from 1."""

    row: AnalysisRow
    queue_position: int | None

    @property
    def is_final(self) -> bool:
        return self.row.state in FINAL


@dataclass(frozen=True)
class Analyses:
    """Whatever is asked about a scan that is not the asker's institution's, or not there, is NotFound."""

    database: Database
    news: News

    async def request(self, principal: Principal, context: RequestContext, scan_id: UUID, *, urgent: bool) -> Seen:
        """Have the scan analysed; an analysis that has not ended yet is answered as it is."""
        async with self.database.transaction() as session:
            row = await analyses.request(session, principal.institution, scan_id, principal.key, urgent=urgent)
            if row is None:
                raise NotFound("there is no such scan")
            seen = await _seen(session, row)
            told: dict[str, str | bool] = {"scan": str(scan_id), "urgent": urgent}
            await audit_log.record(session, principal, audit_log.Action.EXECUTE, "analysis", row.id, context, told)
        return seen

    async def request_all(
        self, principal: Principal, context: RequestContext, scan_ids: Sequence[UUID], *, urgent: bool
    ) -> list[tuple[UUID, Seen | GatewayError]]:
        """Have each scan analysed, or tell why not."""
        answers: list[tuple[UUID, Seen | GatewayError]] = []
        for scan_id in scan_ids:
            try:
                answers.append((scan_id, await self.request(principal, context, scan_id, urgent=urgent)))
            except NotFound as error:
                answers.append((scan_id, error))
        return answers

    async def newest(self, principal: Principal, scan_id: UUID) -> Seen:
        """The scan's newest analysis; raises NoAnalysis."""
        async with self.database.transaction() as session:
            row = await analyses.newest(session, principal.institution, scan_id)
            if row is None:
                await self._must_exist(session, principal, scan_id)
                raise NoAnalysis("this scan was never analysed")
            return await _seen(session, row)

    async def all(self, principal: Principal, scan_id: UUID) -> list[tuple[Seen, list[AttemptRow]]]:
        """All analyses of the scan, newest first, each with its attempts."""
        async with self.database.transaction() as session:
            await self._must_exist(session, principal, scan_id)
            rows = await analyses.of_scan(session, principal.institution, scan_id)
            made = await attempts.of_analyses(session, [row.id for row in rows])
            return [(await _seen(session, row), [one for one in made if one.analysis_id == row.id]) for row in rows]

    async def cancel(self, principal: Principal, context: RequestContext, scan_id: UUID) -> Seen:
        """Cancel the newest analysis; one that has ended stays as it is."""
        async with self.database.transaction() as session:
            row = await analyses.cancel(session, principal.institution, scan_id)
            if row is None:
                await self._must_exist(session, principal, scan_id)
                raise NoAnalysis("this scan was never analysed")
            seen = await _seen(session, row)
            told = {"scan": str(scan_id)}
            await audit_log.record(session, principal, audit_log.Action.DELETE, "analysis", row.id, context, told)
        return seen

    async def ended(self, principal: Principal, seen: Seen, wait_s: float) -> Seen:
        """The same analysis when it has ended, or as it is after `wait_s`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                async for later in self.watch(principal, seen):
                    seen = later
        return seen

    async def watch(self, principal: Principal, seen: Seen) -> AsyncIterator[Seen]:
        """The analysis, now and whenever it may have changed, until it has ended or is gone, or the service stops."""
        with self.news.of(seen.row.id) as changed:
            while not self.news.over:
                changed.clear()
                with suppress(DatabaseAway):
                    now = await self._again(principal, seen)
                    if now is None:
                        return
                    yield now
                    if now.is_final:
                        return
                with suppress(TimeoutError):
                    await asyncio.wait_for(changed.wait(), POLL_S)

    async def _again(self, principal: Principal, seen: Seen) -> Seen | None:
        async with self.database.transaction() as session:
            row = await analyses.find(session, principal.institution, seen.row.id)
            return None if row is None else await _seen(session, row)

    async def _must_exist(self, session: AsyncSession, principal: Principal, scan_id: UUID) -> None:
        if not await scans.exists(session, principal.institution, scan_id):
            raise NotFound("there is no such scan")


async def _seen(session: AsyncSession, row: AnalysisRow) -> Seen:
    return Seen(row, await analyses.ahead_of(session, row) + 1 if row.state == QUEUED else None)
