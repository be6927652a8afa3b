"""A stored report as DICOM objects and as FHIR, for a principal.

DICOM objects repeat the patient's name and ID from the images, so they need the scope `names.read`; FHIR has the
pseudonym where a principal may not see names.
"""

import asyncio
import io
import json
import zipfile
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from gateway.database.connection import Database
from gateway.errors import NoReport, NoResultObject, NotPermitted
from gateway.permissions import Scope
from gateway.principal import Principal, RequestContext
from gateway.records.pseudonyms import VisibleName
from gateway.records.store import scans
from gateway.reports.pdf.document import ReportPdf
from gateway.reports.pdf.texts import Language
from gateway.reports.report_body import MOST_SEVERE_FIRST
from gateway.reports.stored_evidence import stored_evidence
from gateway.reports.stored_reports import MEDIA_TYPES, ZIP, Format, StoredReport
from gateway.result_objects.encoding import ObjectFile, ObjectKind, encode
from gateway.result_objects.study_result import ReportOrigin, StudyResult
from gateway.result_objects.subject import Subject
from gateway.viewing.viewing import Viewing
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
    """Writes the objects of stored reports."""

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
        not in the report, and what `files` raises.
        """
        check_may_download(principal, format_)
        in_zip = MEDIA_TYPES[format_] == ZIP
        studies = _chosen(report.body["studies"], study_uid, every=in_zip)
        found = self.files(principal, context, report, studies, DICOM_KINDS[format_], language)
        files = {name: content async for name, content in found}
        return await asyncio.to_thread(_zipped, files) if in_zip else next(iter(files.values()))

    async def files(
        self,
        principal: Principal,
        context: RequestContext | None,
        report: StoredReport,
        studies: Sequence[Mapping[str, Any]],
        kinds: Sequence[ObjectKind],
        language: Language,
    ) -> AsyncIterator[tuple[str, bytes]]:
        """Name and content of each DICOM file of these studies, items of the report body's `studies`.

        There is a folder for each study where there are several. What a result does not have is left out; raises
        NoResultObject when nothing is left, and what else `encode` raises.
        """
        evidence = await stored_evidence(self.viewing.render_cache.blobs, report.row)
        missing: NoResultObject | None = None
        is_empty = True
        for number, study in enumerate(studies, start=1):
            result = StudyResult.of(study, _origin(report, study), evidence)
            try:
                objects = await self._objects(principal, context, report, study, result, kinds, language)
            except NoResultObject as error:
                missing = missing or error
                continue
            for one in objects:
                is_empty = False
                yield f"study-{number}/{one.name}" if len(studies) > 1 else one.name, one.content
        if is_empty and missing is not None:
            raise missing

    async def _objects(
        self,
        principal: Principal,
        context: RequestContext | None,
        report: StoredReport,
        study: Mapping[str, Any],
        result: StudyResult,
        kinds: Sequence[ObjectKind],
        language: Language,
    ) -> tuple[ObjectFile, ...]:
        pdf = None
        if ObjectKind.PDF in kinds:
            # another study of the upload may be of another patient
            of_study = replace(report, body={**report.body, "studies": [study]})
            pdf = await self.report_pdf.pdf(principal, context, of_study, language)
        opened = await self.viewing.access.open(
            principal, context, report.row.scan_id, "result objects", result.study_uid
        )
        # each choice of kinds is an operation of its own: where a SEG takes too much, the SR is still written
        operation = "-".join(["result", *kinds])
        return await self.viewing.render_cache.render(opened, operation, encode, result, tuple(kinds), pdf)

    async def fhir(self, principal: Principal, report: StoredReport) -> bytes:
        """A FHIR R4 Bundle: a DiagnosticReport and its Observations for each study."""
        results = [StudyResult.of(study, _origin(report, study)) for study in report.body["studies"]]
        subject = await self._subject(principal, report.row.scan_id)
        return await asyncio.to_thread(_fhir, results, subject)

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


def _fhir(results: Sequence[StudyResult], subject: Subject) -> bytes:
    from gateway.result_objects.fhir_report import fhir_bundle  # PyDicom's dictionary of codes, for FHIR alone

    return json.dumps(fhir_bundle(results, subject), ensure_ascii=False, indent=1).encode()


def _zipped(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, _EARLIEST)
            archive.writestr(entry, content, compress_type=zipfile.ZIP_DEFLATED, compresslevel=1)
    return buffer.getvalue()
