"""The result objects of a scan's newest report as further series of its study: made once, with the first demand."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

import structlog

from gateway.database.connection import Database
from gateway.database.tables import ReportRow
from gateway.errors import NoDicomIdentity, NoReport, NoResultObject
from gateway.pacs.dicomweb.catalogue import Series, instances_key, result_root
from gateway.pacs.dicomweb.catalogue_cache import CatalogueCache
from gateway.pacs.dicomweb.catalogue_writing import write_catalogues
from gateway.pacs.dicomweb.store import index
from gateway.principal import Principal, RequestContext
from gateway.reports.pdf.texts import Language
from gateway.reports.result_downloads import ResultDownloads
from gateway.reports.store import reports
from gateway.reports.stored_reports import StoredReport
from gateway.result_objects.encoding import ObjectKind
from gateway.viewing.single_flight import SingleFlight
from screening.coded_error import CodedError
from screening.errors import StudyError

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class MadeSeries:
    """The series made of a report, and the key under which their files lie; `warnings` say why there are none."""

    root: str
    series: tuple[Series, ...] = field(repr=False, default=())
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class ResultSeries:
    """Makes and finds the result objects of reports."""

    database: Database
    downloads: ResultDownloads
    catalogues: CatalogueCache
    making: SingleFlight[None] = field(default_factory=SingleFlight)

    async def of_study(
        self, principal: Principal, context: RequestContext, scan_id: UUID, study_uid: str, *, make: bool
    ) -> MadeSeries:
        """The series of the scan's newest report for this study; empty without a report of it, or not made yet."""
        async with self.database.transaction() as session:
            row = await reports.find(session, principal.institution, scan_id)
        if row is None:
            return MadeSeries("")
        root = result_root(row.analysis_id, study_uid)
        key, blobs = instances_key(root, study_uid), self.downloads.viewing.render_cache.blobs
        series = await self.catalogues.read(blobs, key)
        if series is None and make:
            report = StoredReport(row, row.body)
            try:
                await self.making.run(key, lambda: self._make(principal, context, report, study_uid, root))
            except NoReport:
                return MadeSeries(root)
            except (NoDicomIdentity, NoResultObject, StudyError) as error:
                return MadeSeries(root, warnings=(_why(error),))
            series = await self.catalogues.read(blobs, key)
        series = series or ()
        await self._list(row, study_uid, series)
        return MadeSeries(root, series)

    async def _make(
        self, principal: Principal, context: RequestContext, report: StoredReport, study_uid: str, root: str
    ) -> None:
        studies = [one for one in report.body.get("studies", ()) if one["row"]["study_uid"] == study_uid]
        if not studies:
            raise NoReport("the report holds no such study")
        cache = self.downloads.viewing.render_cache
        with TemporaryDirectory(dir=cache.scratch) as name:
            folder, target = Path(name) / "objects", Path(name) / "catalogues"
            folder.mkdir()
            target.mkdir()
            kinds = tuple(ObjectKind)
            found = self.downloads.files(principal, context, report, studies, kinds, Language.ENGLISH)
            async for file_name, content in found:
                await asyncio.to_thread((folder / file_name).write_bytes, content)
            written = await asyncio.to_thread(write_catalogues, folder, Path(name), cache.budgets, target)
            for one in written.files:
                await cache.blobs.put_derived_file(f"{root}/{one}", target / one)

    async def _list(self, row: ReportRow, study_uid: str, series: Sequence[Series]) -> None:
        """Write the series into the index, unless they are there: searches of all studies find them then."""
        async with self.database.transaction() as session:
            if series and not await index.has_results(session, row.scan_id, study_uid, row.id):
                own = [one.summary for one in series]
                await index.replace_results(session, row.scan_id, study_uid, row.id, own)


def _why(error: CodedError) -> str:
    log.info("no result objects over DICOMweb", error=error.code)
    return f"the result of this study is not listed: {error.code}"
