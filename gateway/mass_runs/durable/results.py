"""What came of a run's uploads, at any time: a row for each study that has ended, and how many have not."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from gateway.analyses.store.states import CANCELLED, QUEUED, RUNNING
from gateway.audit import audit_log
from gateway.database.connection import AsyncSession, Database
from gateway.database.tables import RunRow
from gateway.errors import NotFound
from gateway.mass_runs import store
from gateway.mass_runs.journal import Entry
from gateway.mass_runs.refused_uploads import Refused, failed_report, renamed
from gateway.mass_runs.store import RunItem
from gateway.principal import Principal

GONE: Final = "an upload whose scan was deleted"
DELETED: Final = Refused("scan_deleted", "the scan was deleted from the records")
STOPPED: Final = Refused("cancelled", "somebody cancelled the analysis")


@dataclass(frozen=True)
class Standing:
    """How many uploads of a run are where; `missing` ones were found and are not in the queue yet."""

    ended: int
    waiting: int
    running: int
    missing: int

    @property
    def unfinished(self) -> int:
        return self.waiting + self.running + self.missing


@dataclass(frozen=True)
class Results:
    """The runs of the asker's institution; any other is NotFound."""

    database: Database
    principal: Principal

    async def standing(self, name: str) -> Standing:
        """How far the run is."""
        async with self.database.transaction() as session:
            row = await self._found(session, name)
            states = await store.states(session, row.id)
        known = sum(states.values())
        waiting, running = states.get(QUEUED, 0), states.get(RUNNING, 0)
        return Standing(known - waiting - running, waiting, running, max(0, row.uploads - known))

    async def entries(self, name: str) -> AsyncIterator[Entry]:
        """The uploads that have ended, in the order in which they were added; the audit learns that they left."""
        async with self.database.transaction() as session:
            row = await self._found(session, name)
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

    async def _found(self, session: AsyncSession, name: str) -> RunRow:
        row = await store.find(session, self.principal.institution, name)
        if row is None:
            raise NotFound("there is no run of this name; `turnstile enqueue` makes one")
        return row


def _entry(item: RunItem) -> Entry | None:
    """None for an upload that has not ended."""
    if item.state in (QUEUED, RUNNING):
        return None
    name = item.item or GONE
    return Entry(name, tuple(_reports(item, name)))


def _reports(item: RunItem, name: str) -> list[Mapping[str, Any]]:
    if item.report is not None:
        return [renamed(study, name) for study in item.report["studies"]]
    if item.error is not None:
        return [failed_report(name, Refused(item.error, item.detail or ""))]
    return [failed_report(name, STOPPED if item.state == CANCELLED else DELETED)]
