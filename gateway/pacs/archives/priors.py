"""Prior studies: once a study from the network was screened, earlier CT of its patient is fetched from an archive.

Off unless the settings name the archive. A prior is a scan of the run `prior studies`, its origin has the rule `prior
study`; it is kept, or analysed without urgency, and its result is sent nowhere.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

import structlog

from gateway.database.connection import Database
from gateway.errors import GatewayError
from gateway.mass_runs.durable.enqueueing import Enqueuer
from gateway.pacs.archives.archive import Archive
from gateway.pacs.archives.fetching import Fetcher
from gateway.pacs.archives.finding import find_studies
from gateway.pacs.archives.opening import open_archive
from gateway.pacs.archives.query import FoundStudy, StudyQuery
from gateway.pacs.archives.screening import CT, ArchiveStudies
from gateway.pacs.archives.store import prior_searches
from gateway.pacs.archives.store.prior_searches import ScreenedScan
from gateway.pacs.routing.decision import Decision
from gateway.permissions import Role, Scope
from gateway.principal import Principal, PrincipalKind
from gateway.records.scan_upload import ScanUploads
from gateway.settings.archives import ArchiveSettings

log = structlog.get_logger(__name__)

RUN: Final = "prior studies"
RULE: Final = "prior study"
MAX_WAITING: Final = 50  # analyses in the queue, above which no prior is fetched
POLL_S: Final = 5.0


class PriorStudies:
    """Fetches the priors of scans, one scan after the other; several processes share the scans."""

    def __init__(self, settings: ArchiveSettings, database: Database, uploads: ScanUploads, scratch: Path) -> None:
        self._settings = settings
        self._database = database
        self._uploads = uploads
        self._scratch = scratch

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Fetch until the block ends; nothing when the settings name no archive."""
        if self._settings.pacs_priors_archive is None:
            yield
            return
        fetching = asyncio.create_task(self._fetch_forever(), name="prior studies")
        try:
            yield
        finally:
            fetching.cancel()
            with suppress(asyncio.CancelledError):
                await fetching

    async def fetch_next(self) -> bool:
        """Fetch the priors of the next scan that is due; False when there is none. Raises GatewayError."""
        async with self._database.transaction() as session:
            scan = await prior_searches.take(session)
        if scan is None:
            return False
        async with open_archive(self._settings.pacs_archives, self._settings.pacs_priors_archive or "") as archive:
            await self._enqueue(archive, scan, await self._priors(archive, scan))
        async with self._database.transaction() as session:
            await prior_searches.end(session, scan.id)
        return True

    async def _fetch_forever(self) -> None:
        while True:
            fetched = False
            try:
                fetched = await self.fetch_next()
            except GatewayError as error:
                log.warning("prior studies could not be fetched", error=error.code, detail=error.detail)
            except Exception:
                log.exception("prior studies could not be fetched")
            if not fetched:
                await asyncio.sleep(POLL_S)

    async def _priors(self, archive: Archive, scan: ScreenedScan) -> list[FoundStudy]:
        """The newest earlier studies of the patient that are not here yet."""
        found: dict[str, FoundStudy] = {}
        for number, issuer in scan.identifiers:
            query = StudyQuery(since=_years_ago(self._settings.pacs_priors_years), modality=CT, patient_id=number)
            for study in (await find_studies(archive, query)).studies:
                if study.study_uid not in scan.study_uids and issuer in ("", study.issuer or issuer):
                    found[study.study_uid] = study
        newest = sorted(found.values(), key=lambda one: one.study_date or date.min)
        return newest[-self._settings.pacs_priors_studies :]

    async def _enqueue(self, archive: Archive, scan: ScreenedScan, priors: list[FoundStudy]) -> None:
        if not priors:
            return
        scopes = frozenset({Scope.PATIENTS_WRITE, Scope.SCANS_WRITE, Scope.ANALYSES_RUN})
        by = Principal("priors", PrincipalKind.WORKER, RUN, Role.RADIOLOGIST, scan.institution, scopes)
        enqueuer = Enqueuer(self._database, self._uploads, by, archive.at_once, MAX_WAITING)
        studies = ArchiveStudies(
            fetcher=Fetcher(archive),
            database=self._database,
            principal=by,
            scratch=self._scratch,
            decision=Decision(screen=True, destinations=(), rule=RULE),
            analysed=self._settings.pacs_priors_analysed,
        )
        run = await enqueuer.open_run(RUN, None, urgent=False)
        failed = 0

        def on_done(one_failed: bool) -> None:
            nonlocal failed
            failed += one_failed

        remaining = await enqueuer.remaining(run, map(studies.source, priors))
        await enqueuer.enqueue(run, remaining, on_done)
        log.info("prior studies were fetched", scan=str(scan.id), studies=len(remaining) - failed, failed=failed)


def _years_ago(years: int) -> date:
    today = datetime.now(UTC).date()
    return today.replace(year=today.year - years, day=min(today.day, 28))
