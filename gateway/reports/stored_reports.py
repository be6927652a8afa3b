"""Stored reports: read, listed, written as tables; without file names and free text for who may not see names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from gateway.audit import audit_log
from gateway.database.connection import AsyncSession, Database
from gateway.database.tables import ReportRow
from gateway.errors import NoReport, NotFound
from gateway.principal import Principal, RequestContext
from gateway.records.free_text import without_free_text
from gateway.records.store import scans
from gateway.reports.report_table import as_csv, as_xlsx
from gateway.reports.store import reports


class Format(StrEnum):
    """The formats of a report."""

    JSON = "json"
    CSV = "csv"
    XLSX = "xlsx"
    PDF = "pdf"
    FHIR = "fhir"
    DICOM = "dicom"
    DICOM_SR = "dicom-sr"
    DICOM_SEG = "dicom-seg"
    DICOM_PM = "dicom-pm"
    DICOM_SC = "dicom-sc"
    DICOM_KO = "dicom-ko"
    DICOM_PR = "dicom-pr"
    DICOM_PDF = "dicom-pdf"


DICOM_FILE: Final = "application/dicom"  # RFC 3240
ZIP: Final = "application/zip"
MEDIA_TYPES: Final = {
    Format.JSON: "application/json",
    Format.CSV: "text/csv",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Format.PDF: "application/pdf",
    Format.FHIR: "application/fhir+json",
    Format.DICOM: ZIP,
    Format.DICOM_SC: ZIP,
    Format.DICOM_SR: DICOM_FILE,
    Format.DICOM_SEG: DICOM_FILE,
    Format.DICOM_PM: DICOM_FILE,
    Format.DICOM_KO: DICOM_FILE,
    Format.DICOM_PR: DICOM_FILE,
    Format.DICOM_PDF: DICOM_FILE,
}


@dataclass(frozen=True)
class StoredReport:
    """A report as the principal may see it; `body` holds `rows`, `summary` and `studies`."""

    row: ReportRow
    body: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True)
class Reports:
    """Reports of the principal's institution; those of another raise NotFound."""

    database: Database

    async def read(
        self,
        principal: Principal,
        context: RequestContext | None,
        scan_id: UUID,
        analysis_id: UUID | None,
        format_: Format,
    ) -> StoredReport:
        """The report of this analysis, by default the scan's newest; raises NoReport."""
        async with self.database.transaction() as session:
            row = await reports.find(session, principal.institution, scan_id, analysis_id)
            if row is None:
                await check_scan_exists(session, principal, scan_id)
                raise NoReport("there is no report yet; an analysis of the scan makes one")
            action = audit_log.Action.READ if format_ is Format.JSON else audit_log.Action.EXPORT
            detail = {"scan": str(scan_id), "format": format_.value}
            await audit_log.record(session, principal, action, "report", row.id, context, detail)
        return StoredReport(row, row.body if principal.sees_names else _without_names(row.body, scan_id))

    async def all(self, principal: Principal, context: RequestContext, scan_id: UUID) -> Sequence[ReportRow]:
        """All reports of the scan, newest first."""
        async with self.database.transaction() as session:
            await check_scan_exists(session, principal, scan_id)
            rows = await reports.of_scan(session, principal.institution, scan_id)
            detail = {"scan": str(scan_id), "reports": [str(row.id) for row in rows]}
            await audit_log.record(session, principal, audit_log.Action.READ, "report", None, context, detail)
        return rows


def as_table(report: StoredReport, format_: Format) -> bytes:
    """The rows as CSV or XLSX."""
    rows = report.body["rows"]
    return as_xlsx(rows) if format_ is Format.XLSX else as_csv(rows).encode()


def _without_names(body: Mapping[str, Any], scan_id: UUID) -> dict[str, Any]:
    """The body with the scan's id in place of the file name, and without free text: both may name patients."""
    own = {"path_to_study": str(scan_id)}
    return {
        **body,
        "rows": [{**row, **own} for row in body["rows"]],
        "studies": [
            {**study, "row": {**study["row"], **own}}
            | ({"series": without_free_text(study["series"])} if "series" in study else {})
            for study in body["studies"]
        ],
    }


async def check_scan_exists(session: AsyncSession, principal: Principal, scan_id: UUID) -> None:
    """Raise NotFound unless the principal's institution has the scan."""
    if not await scans.exists(session, principal.institution, scan_id):
        raise NotFound("there is no such scan")
