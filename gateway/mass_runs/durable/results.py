"""The results of a run so far: a row for each study that has ended, and the number of those that have not."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from gateway.analyses.store.states import CANCELLED, QUEUED, RUNNING
from gateway.audit import audit_log
from gateway.database.connection import AsyncSession, Database
from gateway.database.tables import RunRow
from gateway.errors import NotFound
from gateway.mass_runs import store
from gateway.mass_runs.journal import JournalEntry
from gateway.mass_runs.refused_uploads import RefusedUpload, failed_report, with_upload_name
from gateway.mass_runs.store import RunItem
from gateway.principal import Principal

NAME_OF_DELETED: Final = "an upload whose scan was deleted"
DELETED_SCAN: Final = RefusedUpload("scan_deleted", "the scan was deleted from the records")
NOT_REQUESTED: Final = RefusedUpload("not_requested", "the scan is kept, and no analysis of it was requested")
CANCELLED_UPLOAD: Final = RefusedUpload("cancelled", "the analysis was cancelled")


@dataclass(frozen=True)
class RunProgress:
    """The number of uploads of a run by state; `missing` ones were discovered and are not in the queue yet."""

    ended: int
    waiting: int
    running: int
    missing: int

    @property
    def unfinished(self) -> int:
        return self.waiting + self.running + self.missing


@dataclass(frozen=True)
class RunResults:
    """The runs of the principal's institution; any other is NotFound."""

    database: Database
    principal: Principal

    async def progress(self, name: str) -> RunProgress:
        """The numbers of uploads that have ended, wait, run and are missing."""
        async with self.database.transaction() as session:
            row = await self._run_row(session, name)
            states = await store.states(session, row.id)
        known = sum(states.values())
        waiting, running = states.get(QUEUED, 0), states.get(RUNNING, 0)
        return RunProgress(known - waiting - running, waiting, running, max(0, row.uploads - known))

    async def entries(self, name: str) -> AsyncIterator[JournalEntry]:
        """The uploads that have ended, in the order of insertion; records an export in the audit log."""
        async with self.database.transaction() as session:
            row = await self._run_row(session, name)
            await audit_log.record(session, self.principal, audit_log.Action.EXPORT, "run", row.id, None)
        after = 0
        while items := await self._page(row, after):
            for item in items:
                if entry := _entry(item):
                    yield entry
            after = items[-1].number

    async def _page(self, row: RunRow, after: int) -> list[RunItem]:
        async with self.database.transaction() as session:
            return list(await store.page(session, row.id, after))

    async def _run_row(self, session: AsyncSession, name: str) -> RunRow:
        row = await store.find(session, self.principal.institution, name)
        if row is None:
            raise NotFound("there is no run of this name; `turnstile enqueue` creates one")
        return row


def _entry(item: RunItem) -> JournalEntry | None:
    """None for an upload that has not ended."""
    if item.state in (QUEUED, RUNNING):
        return None
    name = item.item or NAME_OF_DELETED
    return JournalEntry(name, tuple(_reports(item, name)))


def _reports(item: RunItem, name: str) -> list[Mapping[str, Any]]:
    if item.report is not None:
        return [with_upload_name(study, name) for study in item.report["studies"]]
    if item.error is not None:
        return [failed_report(name, RefusedUpload(item.error, item.detail or ""))]
    if item.state == CANCELLED:
        return [failed_report(name, CANCELLED_UPLOAD)]
    return [failed_report(name, DELETED_SCAN if item.scan_id is None else NOT_REQUESTED)]
