"""Scans: listed, read, described, deleted; each deed in the audit. How they come in is `uploading`."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from gateway.audit import audit_log
from gateway.database.connection import AsyncSession, Database
from gateway.database.optimistic_lock import changed
from gateway.database.paging import Window
from gateway.database.tables import ScanRow
from gateway.database.tables.work import UNFINISHED
from gateway.errors import NotFound
from gateway.principal import Principal, RequestContext
from gateway.records.blob_release import release
from gateway.records.pseudonyms import ScanView
from gateway.records.store import scans as rows
from gateway.records.store.scans import Kind, ScanFilter
from gateway.storage.blobs import Blobs

UNKNOWN = "there is no such scan"


@dataclass(frozen=True)
class Counts:
    """How many scans of a list read what, whatever status and verdict it is narrowed to."""

    all: int
    pathology: int
    not_analysed: int
    normal: int
    in_work: int
    unscreened: int


@dataclass(frozen=True)
class ScanPage:
    """A part of a list of scans, how long the whole is, and what the whole holds."""

    items: tuple[ScanView, ...]
    total: int
    counts: Counts


class Scans:
    """The scans of the asker's institution; any other is not there."""

    def __init__(self, database: Database, blobs: Blobs) -> None:
        self._database = database
        self._blobs = blobs

    async def page(self, principal: Principal, wanted: ScanFilter, window: Window, context: RequestContext) -> ScanPage:
        """A part of the list."""
        async with self._database.transaction() as session:
            kinds = await rows.kinds(session, wanted)
            found = await rows.page(session, wanted, window)
            views = await _views(session, found, principal)
            detail = {"ids": [str(row.id) for row in found]}
            await audit_log.record(session, principal, audit_log.Action.READ, "scan", None, context, detail)
        return ScanPage(views, sum(kind.count for kind in kinds if _is_wanted(kind, wanted)), _counts(kinds))

    async def read(self, principal: Principal, scan_id: UUID, context: RequestContext) -> ScanView:
        """One scan; raises NotFound."""
        async with self._database.transaction() as session:
            row = await _found(session, principal, scan_id)
            (view,) = await _views(session, (row,), principal)
            await audit_log.record(session, principal, audit_log.Action.READ, "scan", row.id, context)
        return view

    async def describe(
        self,
        principal: Principal,
        scan_id: UUID,
        description: str | None,
        expected: Collection[int] | None,
        context: RequestContext,
    ) -> ScanView:
        """Change the description; raises NotFound, and PreconditionFailed unless it stands at an expected version."""
        async with self._database.transaction() as session:
            row = await _found(session, principal, scan_id, lock=True)
            await changed(session, row, {"description": description}, expected)
            (view,) = await _views(session, (row,), principal)
            detail = {"fields": ["description"]}
            await audit_log.record(session, principal, audit_log.Action.UPDATE, "scan", row.id, context, detail)
        return view

    async def delete(self, principal: Principal, scan_id: UUID, context: RequestContext) -> None:
        """Delete the scan with its reports, and its blob when nothing else uses that; raises NotFound."""
        async with self._database.transaction() as session:
            row = await _found(session, principal, scan_id, lock=True)
            await rows.delete(session, row)
            await audit_log.record(session, principal, audit_log.Action.DELETE, "scan", scan_id, context)
        await release(self._database, self._blobs, (row.sha256,))


async def _found(session: AsyncSession, principal: Principal, scan_id: UUID, *, lock: bool = False) -> ScanRow:
    row = await rows.find(session, principal.institution, scan_id, lock=lock)
    if row is None:
        raise NotFound(UNKNOWN)
    return row


async def _views(session: AsyncSession, found: Sequence[ScanRow], principal: Principal) -> tuple[ScanView, ...]:
    progress = await rows.progress(session, found)
    return tuple(ScanView.of(row, progress.get(row.id), principal) for row in found)


def _is_wanted(kind: Kind, wanted: ScanFilter) -> bool:
    return (not wanted.statuses or kind.status in wanted.statuses) and (
        not wanted.verdicts or kind.verdict in wanted.verdicts
    )


def _counts(kinds: Sequence[Kind]) -> Counts:
    def of(verdict: str) -> int:
        return sum(kind.count for kind in kinds if kind.verdict == verdict)

    return Counts(
        all=sum(kind.count for kind in kinds),
        pathology=of("pathology"),
        not_analysed=of("not_analysed"),
        normal=of("normal"),
        in_work=sum(kind.count for kind in kinds if kind.status in UNFINISHED),
        unscreened=sum(kind.count for kind in kinds if kind.verdict is None and kind.status not in UNFINISHED),
    )
