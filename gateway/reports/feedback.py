"""What radiologists say of reports: kept with the report's version, listed, and given away as a table.

A comment is free text and may name somebody: without the right to names it is not shown.
"""

import csv
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from io import StringIO
from typing import Any, Final
from uuid import UUID

from gateway.audit import audit_log
from gateway.database.connection import Database
from gateway.database.paging import Window
from gateway.database.tables import FeedbackRow, ReportRow
from gateway.errors import NoFeedback, NoReport
from gateway.principal import Principal, RequestContext
from gateway.reports.report_table import inert
from gateway.reports.store import feedback, reports
from gateway.reports.store.feedback import Opinion
from gateway.reports.stored_reports import scan_must_exist
from gateway.telemetry.metrics import Metrics

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
class Said:
    """Whether a report is right, what it should have named, and why."""

    agrees: bool
    finding: str | None
    comment: str | None


class Feedback:
    """Feedback on the reports of the asker's institution."""

    def __init__(self, database: Database, metrics: Metrics) -> None:
        self._database = database
        self._metrics = metrics

    async def give(self, principal: Principal, scan_id: UUID, said: Said, context: RequestContext) -> Opinion:
        """Keep it on the scan's newest report, in the place of what this person said before; raises NoReport."""
        async with self._database.transaction() as session:
            report = await self._report(session, principal, scan_id)
            now = datetime.now(UTC)
            row = await feedback.put(session, report, principal.key, said.agrees, said.finding, said.comment, now)
            detail: audit_log.Detail = {"report": str(report.id), "version": report.version, "agrees": said.agrees}
            await audit_log.record(session, principal, audit_log.Action.UPDATE, "feedback", row.id, context, detail)
        self._metrics.feedback.labels(report.verdict, "yes" if said.agrees else "no").inc()
        return Opinion(row, report)

    async def mine(self, principal: Principal, scan_id: UUID, context: RequestContext) -> Opinion:
        """What the asker said of the scan's newest report; raises NoReport and NoFeedback."""
        async with self._database.transaction() as session:
            report = await self._report(session, principal, scan_id)
            row = await feedback.of_person(session, report.id, principal.key)
            if row is None:
                raise NoFeedback("you said nothing of this report yet")
            await audit_log.record(session, principal, audit_log.Action.READ, "feedback", row.id, context)
        return Opinion(row, report)

    async def page(
        self, principal: Principal, agrees: bool | None, window: Window, context: RequestContext
    ) -> tuple[tuple[Opinion, ...], int]:
        """The institution's, newest first, and how much there is in all."""
        async with self._database.transaction() as session:
            opinions, total = await feedback.page(session, principal.institution, agrees, window)
            ids = [str(opinion.feedback.id) for opinion in opinions]
            await audit_log.record(session, principal, audit_log.Action.READ, "feedback", None, context, {"ids": ids})
        return opinions, total

    async def as_csv(self, principal: Principal, agrees: bool | None, context: RequestContext) -> AsyncIterator[str]:
        """All of it as CSV, line by line."""
        async with self._database.transaction() as session:
            await audit_log.record(
                session, principal, audit_log.Action.EXPORT, "feedback", None, context, {"format": "csv"}
            )
        yield _line(COLUMNS)
        async with self._database.transaction() as session:
            async for opinion in feedback.every(session, principal.institution, agrees):
                told = as_told(opinion, principal)
                yield _line([inert(told[column]) for column in COLUMNS])

    async def _report(self, session: Any, principal: Principal, scan_id: UUID) -> ReportRow:
        report = await reports.find(session, principal.institution, scan_id)
        if report is None:
            await scan_must_exist(session, principal, scan_id)
            raise NoReport("there is no report yet; an analysis of the scan makes one")
        return report


def as_told(opinion: Opinion, principal: Principal) -> dict[str, Any]:
    """An opinion as its asker may see it."""
    said, report = opinion.feedback, opinion.report
    return {
        "id": said.id,
        "scan_id": said.scan_id,
        "report_id": report.id,
        "analysis_id": report.analysis_id,
        "report_version": said.report_version,
        "model_card": report.model_card,
        "verdict": report.verdict,
        "probability": report.probability,
        "reported_finding": report.finding,
        "agrees": said.agrees,
        "finding": said.finding,
        "comment": said.comment if principal.sees_names or _own(said, principal) else None,
        "given_by": said.user_key if principal.sees_names or _own(said, principal) else None,
        "created_at": said.created_at,
    }


def _own(said: FeedbackRow, principal: Principal) -> bool:
    return said.user_key == principal.key


def _line(cells: Any) -> str:
    text = StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerow("" if cell is None else cell for cell in cells)
    return text.getvalue()
