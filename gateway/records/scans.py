"""Scans: listed, read, described, deleted. Each action writes an audit event. `scan_upload` creates them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from gateway.audit import audit_log
from gateway.database.connection import AsyncSession, Database
from gateway.database.optimistic_lock import update_if_unchanged
from gateway.database.paging import PageRange
from gateway.database.tables import ScanRow
from gateway.database.tables.analyses import UNFINISHED
from gateway.errors import NotFound
from gateway.principal import Principal, RequestContext
from gateway.records.blob_deletion import delete_derived_of, delete_unused_blobs
from gateway.records.pseudonyms import ScanView
from gateway.records.store import scans as rows
from gateway.records.store import stored_files
from gateway.records.store.scan_network import ScanNetwork, network_of
from gateway.records.store.scans import ScanFilter, StatusCount
from gateway.storage.blobs import Blobs

UNKNOWN = "there is no such scan"


@dataclass(frozen=True)
class Counts:
    """Numbers of scans by verdict and progress, without the filters on status and verdict."""

    all: int
    pathology: int
    not_analysed: int
    normal: int
    in_work: int
    unscreened: int


@dataclass(frozen=True)
class ScanPage:
    """A page of a list of scans, the total number, and the counts."""

    items: tuple[ScanView, ...]
    total: int
    counts: Counts


class Scans:
    """The scans of the principal's institution. A scan of another institution is NotFound."""

    def __init__(self, database: Database, blobs: Blobs) -> None:
        self._database = database
        self._blobs = blobs

    async def page(
        self, principal: Principal, criteria: ScanFilter, page_range: PageRange, context: RequestContext
    ) -> ScanPage:
        """A page of the list."""
        async with self._database.transaction() as session:
            status_counts = await rows.status_counts(session, criteria)
            found = await rows.page(session, criteria, page_range)
            views = await _views(session, found, principal)
            detail = {"ids": [str(row.id) for row in found]}
            await audit_log.record(session, principal, audit_log.Action.READ, "scan", None, context, detail)
        return ScanPage(
            views,
            sum(status_count.count for status_count in status_counts if _matches(status_count, criteria)),
            _counts(status_counts),
        )

    async def read(self, principal: Principal, scan_id: UUID, context: RequestContext) -> ScanView:
        """One scan; raises NotFound."""
        async with self._database.transaction() as session:
            row = await _require_scan(session, principal, scan_id)
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
        """Change the description; raises NotFound, and PreconditionFailed unless its version is an expected one."""
        async with self._database.transaction() as session:
            row = await _require_scan(session, principal, scan_id, lock=True)
            await update_if_unchanged(session, row, {"description": description}, expected)
            (view,) = await _views(session, (row,), principal)
            detail = {"fields": ["description"]}
            await audit_log.record(session, principal, audit_log.Action.UPDATE, "scan", row.id, context, detail)
        return view

    async def delete(self, principal: Principal, scan_id: UUID, context: RequestContext) -> None:
        """Delete the scan with its reports, and its blob unless another scan uses it; raises NotFound."""
        async with self._database.transaction() as session:
            row = await _require_scan(session, principal, scan_id, lock=True)
            analyses = await stored_files.analyses_of_scan(session, scan_id)
            await rows.delete(session, row)
            await audit_log.record(session, principal, audit_log.Action.DELETE, "scan", scan_id, context)
        await delete_derived_of(self._blobs, analyses)
        await delete_unused_blobs(self._database, self._blobs, (row.sha256,))


async def _require_scan(session: AsyncSession, principal: Principal, scan_id: UUID, *, lock: bool = False) -> ScanRow:
    row = await rows.find(session, principal.institution, scan_id, lock=lock)
    if row is None:
        raise NotFound(UNKNOWN)
    return row


async def _views(session: AsyncSession, found: Sequence[ScanRow], principal: Principal) -> tuple[ScanView, ...]:
    progress = await rows.progress(session, found)
    network = await network_of(session, found)
    return tuple(
        ScanView.for_principal(row, progress.get(row.id), network.get(row.id, ScanNetwork()), principal)
        for row in found
    )


def _matches(status_count: StatusCount, criteria: ScanFilter) -> bool:
    return (not criteria.statuses or status_count.status in criteria.statuses) and (
        not criteria.verdicts or status_count.verdict in criteria.verdicts
    )


def _counts(status_counts: Sequence[StatusCount]) -> Counts:
    def of(verdict: str) -> int:
        return sum(status_count.count for status_count in status_counts if status_count.verdict == verdict)

    return Counts(
        all=sum(status_count.count for status_count in status_counts),
        pathology=of("pathology"),
        not_analysed=of("not_analysed"),
        normal=of("normal"),
        in_work=sum(status_count.count for status_count in status_counts if status_count.status in UNFINISHED),
        unscreened=sum(
            status_count.count
            for status_count in status_counts
            if status_count.verdict is None and status_count.status not in UNFINISHED
        ),
    )
