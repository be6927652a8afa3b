"""Completion: a study for which nothing came for some seconds becomes a scan, and is analysed as the rules say.

Patient, scan, origin and analysis are one transaction, which also claims the study: whatever is killed, a study becomes
a scan exactly once. Late instances make another scan, with all instances, and end the analysis of the one before.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import structlog

from gateway.analyses.store import analyses
from gateway.audit import audit_log
from gateway.database.connection import AsyncSession, Database
from gateway.database.tables import ScanOriginRow, ScanRow
from gateway.errors import DatabaseUnavailable, GatewayError, NotFound
from gateway.pacs.receiving.arrival import Sender
from gateway.pacs.receiving.instance_header import PatientIdentity
from gateway.pacs.receiving.leftovers import delete_leftovers
from gateway.pacs.receiving.metrics import ReceivingMetrics
from gateway.pacs.receiving.patients import patient_of
from gateway.pacs.receiving.store import complete_studies
from gateway.pacs.receiving.store.complete_studies import ClaimedStudy
from gateway.pacs.receiving.study_file import offsets, study_chunks
from gateway.pacs.routing.decision import SeriesAttributes, StudyAttributes
from gateway.pacs.routing.rules import Rules
from gateway.pacs.routing.study_attributes import attributes_of
from gateway.records.scan_upload import ReceivedFile, ScanUploads
from gateway.records.store import scans
from gateway.storage.blobs import Blobs

log = structlog.get_logger(__name__)

POLL_S: Final = 1.0
RETRY_S: Final = 30.0  # after a full disk or a storage that is away
SWEEP_S: Final = 1800.0


class _CameMore(Exception):
    """Instances came while the file of the study was written: it is not complete."""


@dataclass(frozen=True)
class StudyCompletion:
    """Completes studies of all institutions; any number of processes may run it."""

    database: Database
    blobs: Blobs
    uploads: ScanUploads
    rules: Rules
    quiet_s: float
    metrics: ReceivingMetrics

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Complete studies until the block ends; one that is being completed then is left to the next process."""
        tasks = [asyncio.create_task(self._complete_forever()), asyncio.create_task(self._sweep_forever())]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def complete_due(self) -> int:
        """Complete the studies that are due now; the number of scans that were made."""
        async with self.database.transaction() as session:
            due = await complete_studies.due(session, self.quiet_s)
        return sum([await self._complete_or_postpone(study_id) for study_id in due])

    async def _complete_forever(self) -> None:
        while True:
            try:
                made = await self.complete_due()
                await self._measure()
            except DatabaseUnavailable:
                made = 0
            except Exception:
                made = 0
                log.exception("studies from the network could not be completed")
            if not made:
                await asyncio.sleep(min(POLL_S, self.quiet_s))

    async def _sweep_forever(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_S)
            try:
                if deleted := await delete_leftovers(self.database, self.blobs):
                    log.info("instances that no study names were deleted", objects=deleted)
            except GatewayError as error:
                log.info("no leftovers of the network were deleted", error=error.code)
            except Exception:
                log.exception("leftovers of the network could not be deleted")

    async def _measure(self) -> None:
        async with self.database.transaction() as session:
            waiting = await complete_studies.waiting(session, self.quiet_s)
        self.metrics.studies_waiting.set(waiting.studies)
        self.metrics.overdue_s.set(waiting.overdue_s)

    async def _complete_or_postpone(self, study_id: UUID) -> bool:
        try:
            return await self._complete(study_id)
        except _CameMore:
            return False
        except DatabaseUnavailable:
            raise
        except Exception as error:  # the study waits, and the others go on
            code = error.code if isinstance(error, GatewayError) else type(error).__name__
            async with self.database.transaction() as session:
                failures = await complete_studies.postpone(session, study_id, RETRY_S)
            self.metrics.studies.labels("failed").inc()
            log.exception("a study from the network became no scan; it is tried again", error=code, failures=failures)
            return False

    async def _complete(self, study_id: UUID) -> bool:
        async with self.database.transaction() as session:
            claimed = await complete_studies.claim(session, study_id, self.quiet_s)
            if claimed is None:
                return False
            waiting = [one.waiting_key for one in claimed.instances if one.waiting_key is not None]
            file_name = f"{claimed.study.study_uid}.tar"
            earlier = await _earlier_sha256(session, claimed)
            chunks = study_chunks(self.blobs, claimed.instances, earlier)
            async with self.uploads.receive(file_name, chunks) as file:
                if not await complete_studies.is_still_complete(session, claimed):
                    raise _CameMore
                screened = await self._record(session, claimed, file)
        await self.blobs.delete_waiting(*waiting)
        self.metrics.studies.labels("screened" if screened else "kept").inc()
        return True

    async def _record(self, session: AsyncSession, claimed: ClaimedStudy, file: ReceivedFile) -> bool:
        """Everything that becomes of the study, in the caller's transaction; whether it is screened."""
        study = claimed.study
        sender = Sender(study.source, study.sender, study.requested_by, study.institution)
        patient_id = await self._patient(session, claimed, sender)
        description = _description(claimed)
        scan = await self.uploads.record(session, sender.principal, None, patient_id, file, description)
        scan.study_uid = study.study_uid
        decision = await self.rules.decide(session, study.institution, _attributes(claimed))
        destinations = None if decision.destinations is None else list(decision.destinations)
        session.add(
            ScanOriginRow(
                scan_id=scan.id,
                institution=study.institution,
                source=study.source,
                sender=study.sender,
                rule=decision.rule,
                destinations=destinations,
                received_at=claimed.last_at,
            )
        )
        if claimed.earlier is not None:
            await analyses.cancel(session, study.institution, claimed.earlier)
        if decision.screen:
            await self._request_analysis(session, sender, scan, study.urgent or decision.urgent)
        await complete_studies.end(session, claimed, patient_id, scan.id, offsets(claimed.instances))
        log.info(
            "a study from the network is complete",
            study=study.study_uid,
            scan=str(scan.id),
            version=study.version,
            instances=len(claimed.instances),
            screened=decision.screen,
        )
        return decision.screen

    async def _patient(self, session: AsyncSession, claimed: ClaimedStudy, sender: Sender) -> UUID:
        """The study's patient: found by its identifier, or made."""
        study, identity = claimed.study, PatientIdentity(claimed.study.number, claimed.study.issuer)
        if study.patient_id is not None:
            return study.patient_id
        return await patient_of(session, sender.principal, identity, study.first_name, study.last_name)

    async def _request_analysis(self, session: AsyncSession, sender: Sender, scan: ScanRow, urgent: bool) -> None:
        analysis = await analyses.request(session, sender.institution, scan.id, sender.key, urgent=urgent)
        if analysis is None:
            raise NotFound("the scan of a study was deleted while it was made")
        detail: audit_log.Detail = {"scan": str(scan.id), "urgent": urgent}
        await audit_log.record(
            session, sender.principal, audit_log.Action.EXECUTE, "analysis", analysis.id, None, detail
        )


async def _earlier_sha256(session: AsyncSession, claimed: ClaimedStudy) -> str | None:
    if claimed.earlier is None:
        return None
    scan = await scans.find(session, claimed.study.institution, claimed.earlier)
    return None if scan is None else scan.sha256


def _description(claimed: ClaimedStudy) -> str | None:
    """The study's own description; a later version says that it is one."""
    later = f"version {claimed.study.version + 1}, {len(claimed.instances)} instances"
    parts = (claimed.study.description, later if claimed.study.version else "")
    return "; ".join(part for part in parts if part) or None


def _attributes(claimed: ClaimedStudy) -> StudyAttributes:
    series = {
        SeriesAttributes(one.modality, one.body_part, one.station, one.series_description) for one in claimed.instances
    }
    study = claimed.study
    return attributes_of(study.source, study.sender, study.description, study.age_years, series)
