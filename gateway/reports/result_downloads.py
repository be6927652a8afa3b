"""A stored report as DICOM objects and as FHIR, for a principal.

DICOM objects repeat the patient's name and ID from the images, so they need the scope `names.read`; FHIR has the
pseudonym where a principal may not see names.
"""

import asyncio
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from gateway.database.connection import Database
from gateway.errors import NoReport, NotPermitted
from gateway.permissions import Scope
from gateway.principal import Principal, RequestContext
from gateway.records.pseudonyms import VisibleName
from gateway.records.store import scans
from gateway.reports.pdf.document import ReportPdf
from gateway.reports.pdf.texts import Language
from gateway.reports.report_body import MOST_SEVERE_FIRST
from gateway.reports.stored_evidence import stored_evidence
from gateway.reports.stored_reports import Format, StoredReport
from gateway.result_objects.encoding import ObjectFile, ObjectKind, encode
from gateway.result_objects.fhir_report import Subject, fhir_bundle
from gateway.result_objects.study_result import ReportOrigin, StudyResult
from gateway.viewing.viewing import Viewing
from screening.results.evidence import Evidence
from screening.results.verdict import Verdict

DICOM_KINDS: Final[Mapping[Format, tuple[ObjectKind, ...]]] = MappingProxyType(
    {
        Format.DICOM: tuple(ObjectKind),
        Format.DICOM_SR: (ObjectKind.STRUCTURED_REPORT,),
        Format.DICOM_SEG: (ObjectKind.SEGMENTATION,),
        Format.DICOM_PM: (ObjectKind.PARAMETRIC_MAP,),
        Format.DICOM_SC: (ObjectKind.SECONDARY_CAPTURE,),
        Format.DICOM_KO: (ObjectKind.KEY_OBJECTS,),
        Format.DICOM_PR: (ObjectKind.PRESENTATION_STATE,),
        Format.DICOM_PDF: (ObjectKind.PDF,),
    }
)
_EARLIEST: Final = (1980, 1, 1, 0, 0, 0)  # of a zip's time stamps: equal objects give equal zips


def check_may_download(principal: Principal, format_: Format) -> None:
    """Raise NotPermitted for DICOM unless the principal may see names and images."""
    needed = (Scope.NAMES_READ, Scope.SCANS_READ) if format_ in DICOM_KINDS else ()
    for scope in needed:
        if not principal.has_scope(scope):
            raise NotPermitted(f"DICOM objects hold the patient's name; {scope.value} is needed. format=fhir has none")


@dataclass(frozen=True)
class ResultDownloads:
    """Writes the objects of stored reports; sending them to an archive uses the same call."""

    database: Database
    viewing: Viewing
    report_pdf: ReportPdf

    async def dicom(
        self,
        principal: Principal,
        context: RequestContext,
        report: StoredReport,
        format_: Format,
        study_uid: str | None,
        language: Language,
    ) -> bytes:
        """One DICOM file, or a zip of them, of the study `study_uid`.

        By default of the most severe study, in a zip of all of them. Raises NotPermitted, NoReport for a study that is
        not in the report, and what `encode` raises.
        """
        check_may_download(principal, format_)
        studies = _chosen(report.body["studies"], study_uid, every=format_ in {Format.DICOM, Format.DICOM_SC})
        files: list[tuple[int, ObjectFile]] = []
        for number, study in enumerate(studies, start=1):
            found = await self.objects(principal, context, report, study, DICOM_KINDS[format_], language)
            files += [(number, file) for file in found]
        if format_ in {Format.DICOM, Format.DICOM_SC}:
            return await asyncio.to_thread(_zipped, files, len(studies))
        return files[0][1].content

    async def objects(
        self,
        principal: Principal,
        context: RequestContext | None,
        report: StoredReport,
        study: Mapping[str, Any],
        kinds: Sequence[ObjectKind],
        language: Language,
    ) -> tuple[ObjectFile, ...]:
        """The DICOM files of these kinds of one study, an item of the report body's `studies`."""
        result = StudyResult.of(study, _origin(report, study), await self._evidence(report))
        pdf = None
        if ObjectKind.PDF in kinds:
            # another study of the upload may be of another patient
            of_study = replace(report, body={**report.body, "studies": [study]})
            pdf = await self.report_pdf.pdf(principal, context, of_study, language)
        opened = await self.viewing.access.open(principal, context, report.row.scan_id, "result objects")
        return await self.viewing.render_cache.render(opened, "result", encode, result, tuple(kinds), pdf)

    async def fhir(self, principal: Principal, report: StoredReport) -> bytes:
        """A FHIR R4 Bundle: a DiagnosticReport and its Observations for each study."""
        results = [StudyResult.of(study, _origin(report, study)) for study in report.body["studies"]]
        subject = await self._subject(principal, report.row.scan_id)
        return json.dumps(fhir_bundle(results, subject), ensure_ascii=False, indent=1).encode()

    async def _evidence(self, report: StoredReport) -> Sequence[Evidence]:
        return await stored_evidence(self.viewing.render_cache.blobs, report.row)

    async def _subject(self, principal: Principal, scan_id: UUID) -> Subject:
        async with self.database.transaction() as session:
            scan = await scans.find(session, principal.institution, scan_id)
        if scan is None:
            raise NoReport("the scan was deleted")
        name = VisibleName.for_principal(scan.patient, principal)
        return Subject(str(scan.patient.id), f"{name.first_name} {name.last_name}".strip())


def _chosen(studies: Sequence[Mapping[str, Any]], study_uid: str | None, *, every: bool) -> Sequence[Mapping[str, Any]]:
    if study_uid is None:
        by_severity = sorted(studies, key=lambda study: MOST_SEVERE_FIRST.index(Verdict(study["verdict"])))
        return by_severity if every else by_severity[:1]
    named = [study for study in studies if study["row"]["study_uid"] == study_uid]
    if not named:
        raise NoReport("the report holds no such study")
    return named


def _origin(report: StoredReport, study: Mapping[str, Any]) -> ReportOrigin:
    return ReportOrigin(
        analysis_id=str(report.row.analysis_id),
        reported_at=report.row.created_at,
        model_card=report.row.model_card or "",
        program=study.get("provenance", {}).get("turnstile", ""),
    )


def _zipped(files: Sequence[tuple[int, ObjectFile]], studies: int) -> bytes:
    """A folder for each study where there are several; names hold no word of the patient."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for study, file in files:
            folder = f"study-{study}/" if studies > 1 else ""
            name = zipfile.ZipInfo(f"{folder}{file.kind.value}-{file.number:03}.dcm", _EARLIEST)
            archive.writestr(name, file.content, compress_type=zipfile.ZIP_DEFLATED, compresslevel=1)
    return buffer.getvalue()
