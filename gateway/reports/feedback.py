"""Feedback of radiologists on reports: stored with the report's version, listed, and exported as CSV.

A comment is free text and may name a patient: a principal without access to names does not see it.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from gateway.audit import audit_log
from gateway.database.connection import Database
from gateway.database.paging import PageRange
from gateway.database.tables import FeedbackRow, ReportRow
from gateway.errors import NoFeedback, NoReport, NotFound
from gateway.principal import Principal, RequestContext
from gateway.records.scans import UNKNOWN as UNKNOWN_SCAN
from gateway.records.store import scans
from gateway.reports.csv_cells import csv_header, csv_line
from gateway.reports.store import feedback, reports
from gateway.reports.store.feedback import FeedbackEntry
from gateway.reports.stored_reports import check_scan_exists
from gateway.telemetry.metrics import Metrics

ROWS_PER_READ: Final = 500
COLUMNS: Final = (
    "created_at",
    "scan_id",
    "analysis_id",
    "report_version",
    "model_card",
    "verdict",
    "probability",
    "reported_finding",
    "agrees",
    "finding",
    "comment",
    "given_by",
)


@dataclass(frozen=True)
class NewFeedback:
    """Feedback to store: whether the user agrees with the report, the finding that is right instead, and a comment."""

    agrees: bool
    finding: str | None
    comment: str | None


class Feedback:
    """Feedback on the reports of the principal's institution."""

    def __init__(self, database: Database, metrics: Metrics) -> None:
        self._database = database
        self._metrics = metrics

    async def give(
        self, principal: Principal, scan_id: UUID, given: NewFeedback, context: RequestContext
    ) -> FeedbackEntry:
        """Store the user's feedback on the scan's newest report, in place of an earlier one.

        Raises NotFound and NoReport.
        """
        async with self._database.transaction() as session:
            if not await scans.prevent_deletion(session, principal.institution, scan_id):
                raise NotFound(UNKNOWN_SCAN)
            report = await self._report(session, principal, scan_id)
            now = datetime.now(UTC)
            row = await feedback.put(session, report, principal.key, given.agrees, given.finding, given.comment, now)
            detail: audit_log.Detail = {"report": str(report.id), "version": report.version, "agrees": given.agrees}
            await audit_log.record(session, principal, audit_log.Action.UPDATE, "feedback", row.id, context, detail)
        self._metrics.feedback.labels(report.verdict, "yes" if given.agrees else "no").inc()
        return FeedbackEntry(row, report)

    async def own(self, principal: Principal, scan_id: UUID, context: RequestContext) -> FeedbackEntry:
        """The principal's own feedback on the scan's newest report; raises NoReport and NoFeedback."""
        async with self._database.transaction() as session:
            report = await self._report(session, principal, scan_id)
            row = await feedback.of_user(session, report.id, principal.key)
            if row is None:
                raise NoFeedback("you said nothing of this report yet")
            await audit_log.record(session, principal, audit_log.Action.READ, "feedback", row.id, context)
        return FeedbackEntry(row, report)

    async def page(
        self, principal: Principal, agrees: bool | None, page_range: PageRange, context: RequestContext
    ) -> tuple[tuple[FeedbackEntry, ...], int]:
        """A page of the institution's feedback, newest first, and the total number."""
        async with self._database.transaction() as session:
            entries, total = await feedback.page(session, principal.institution, agrees, page_range)
            ids = [str(entry.feedback.id) for entry in entries]
            await audit_log.record(session, principal, audit_log.Action.READ, "feedback", None, context, {"ids": ids})
        return entries, total

    async def as_csv(self, principal: Principal, agrees: bool | None, context: RequestContext) -> AsyncIterator[str]:
        """All feedback of the institution as CSV, in blocks of lines, newest first as at the start of the export.

        No transaction is open while the client takes a block. Feedback that is replaced meanwhile appears once, old or
        new; what is deleted meanwhile may be missing, and what is new is not in it.
        """
        async with self._database.transaction() as session:
            ids = await feedback.all_ids(session, principal.institution, agrees)
            await audit_log.record(
                session, principal, audit_log.Action.EXPORT, "feedback", None, context, {"format": "csv"}
            )
        yield csv_header(COLUMNS)
        for start in range(0, len(ids), ROWS_PER_READ):
            some = ids[start : start + ROWS_PER_READ]
            async with self._database.transaction() as session:
                entries = await feedback.by_ids(session, principal.institution, agrees, some)
            fields = [visible_fields(entry, principal) for entry in entries]
            yield "".join(csv_line([row[column] for column in COLUMNS]) for row in fields)

    async def _report(self, session: Any, principal: Principal, scan_id: UUID) -> ReportRow:
        report = await reports.find(session, principal.institution, scan_id)
        if report is None:
            await check_scan_exists(session, principal, scan_id)
            raise NoReport("there is no report yet; an analysis of the scan makes one")
        return report


def visible_fields(entry: FeedbackEntry, principal: Principal) -> dict[str, Any]:
    """The fields of a feedback that the principal may see; hidden ones are None."""
    given, report = entry.feedback, entry.report
    return {
        "id": given.id,
        "scan_id": given.scan_id,
        "report_id": report.id,
        "analysis_id": report.analysis_id,
        "report_version": given.report_version,
        "model_card": report.model_card,
        "verdict": report.verdict,
        "probability": report.probability,
        "reported_finding": report.finding,
        "agrees": given.agrees,
        "finding": given.finding,
        "comment": given.comment if principal.sees_names or _own(given, principal) else None,
        "given_by": given.user_key if principal.sees_names or _own(given, principal) else None,
        "created_at": given.created_at,
    }


def _own(given: FeedbackRow, principal: Principal) -> bool:
    return given.user_key == principal.key
