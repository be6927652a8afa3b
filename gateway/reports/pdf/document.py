"""A stored report as PDF: a page for each study, with its key slice if it can be rendered."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from gateway.database.connection import Database
from gateway.errors import GatewayError
from gateway.permissions import Scope
from gateway.principal import Principal, RequestContext
from gateway.records.pseudonyms import VisibleName
from gateway.records.store import scans
from gateway.reports.pdf.english import ENGLISH
from gateway.reports.pdf.key_slice_picture import key_slice_picture
from gateway.reports.pdf.russian import RUSSIAN
from gateway.reports.pdf.study_header import StudyHeader
from gateway.reports.pdf.texts import Language, PdfTexts
from gateway.reports.stored_evidence import stored_evidence
from gateway.reports.stored_reports import StoredReport
from gateway.viewing.viewing import Viewing
from screening.errors import StudyError
from screening.results.evidence import Evidence
from screening.views.display_window import LUNG

TEXTS: Final = {Language.ENGLISH: ENGLISH, Language.RUSSIAN: RUSSIAN}


@dataclass(frozen=True)
class ReportPdf:
    """Writes PDFs; a principal who may read scans gets the key slices, rendered by `viewing`."""

    database: Database
    viewing: Viewing

    async def pdf(
        self, principal: Principal, context: RequestContext | None, report: StoredReport, language: Language
    ) -> bytes:
        """The PDF of a report."""
        texts, row = TEXTS[language], report.row
        labels = await self._labels(principal, row.scan_id, texts)
        evidence = await stored_evidence(self.viewing.render_cache.blobs, row)
        pages: list[tuple[dict[str, Any], StudyHeader]] = []
        for study in report.body["studies"]:
            uid = study["row"]["study_uid"]
            own = next((one for one in evidence if one.study_uid == uid), None)
            picture = await self._picture(principal, context, report, own) if own else None
            header = StudyHeader(
                labels=[*labels, (texts.study, uid)] if uid else labels,
                created_at=row.created_at,
                analysis_id=str(row.analysis_id),
                model_card=row.model_card or "",
                picture=picture,
            )
            pages.append((study, header))
        return await asyncio.to_thread(_render, pages, texts, row.created_at)

    async def _labels(self, principal: Principal, scan_id: UUID, texts: PdfTexts) -> list[tuple[str, str]]:
        """Label and value of each header line; the patient's pseudonym for who may not see names."""
        async with self.database.transaction() as session:
            scan = await scans.find(session, principal.institution, scan_id)
        if scan is None:
            return [(texts.scan, str(scan_id))]
        name = VisibleName.for_principal(scan.patient, principal)
        label = texts.pseudonym if name.pseudonymised else texts.patient
        file = [(texts.file, scan.file_name)] if principal.sees_names else []
        return [(label, f"{name.first_name} {name.last_name}".strip()), (texts.scan, str(scan_id)), *file]

    async def _picture(
        self, principal: Principal, context: RequestContext | None, report: StoredReport, evidence: Evidence
    ) -> bytes | None:
        """The key slice with its heatmap as PNG; None when it cannot be rendered, and the page goes without."""
        if not principal.has_scope(Scope.SCANS_READ):
            return None
        try:
            opened = await self.viewing.access.open(
                principal, context, report.row.scan_id, "report", evidence.study_uid
            )
            opened = replace(opened, evidence_key=report.row.evidence_key)
            if (await self.viewing.series(opened)).key_slice != evidence.key_slice:
                return None
            slice_png = await self.viewing.png_slice(opened, evidence.key_slice, LUNG)
        except (GatewayError, StudyError):
            return None
        return await asyncio.to_thread(key_slice_picture, slice_png, evidence)


def _render(pages: Sequence[tuple[dict[str, Any], StudyHeader]], texts: PdfTexts, created_at: datetime) -> bytes:
    from gateway.reports.pdf.study_page import StudyPages  # fpdf with its font tools: half a second, for PDFs alone

    document = StudyPages(texts)
    document.set_creation_date(created_at)  # the same report gives the same bytes
    for study, header in pages:
        document.add_study(study, header)
    return bytes(document.output())
