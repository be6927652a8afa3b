"""Puts uploads into the durable queue, each once for a run: the database alone knows what a run has."""

import asyncio
import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from gateway.analyses.store import analyses
from gateway.analyses.store.states import QUEUED
from gateway.audit import audit_log
from gateway.database.connection import AsyncSession, Database
from gateway.errors import GatewayError, NotFound, ObjectMissing
from gateway.mass_runs import store
from gateway.mass_runs.durable.sources import Source, SourceFailed
from gateway.principal import Principal
from gateway.records.scan_upload import ReceivedFile, ScanUploads
from gateway.records.store import patients, scans
from screening.errors import StudyError

POLL_S: Final = 1.0  # about the time of one study
FIRST_NAME: Final = "Mass run"  # of the patient that is created for a run


class OtherPatient(GatewayError):
    """The run has another patient."""

    code, status = "other_patient", 409


@dataclass(frozen=True)
class Run:
    """A run to which uploads are added."""

    id: UUID
    patient_id: UUID
    urgent: bool


@dataclass(frozen=True)
class Enqueuer:
    """Puts uploads into the queue, `at_once` at a time, while fewer than `max_waiting` analyses wait."""

    database: Database
    scan_uploads: ScanUploads
    principal: Principal
    at_once: int
    max_waiting: int

    async def open_run(self, name: str, patient_id: UUID | None, *, urgent: bool) -> Run:
        """The run of this name, created with its patient when missing; raises NotFound and OtherPatient."""
        async with self.database.transaction() as session:
            created = await store.insert(session, self.principal.institution, name, self.principal.key)
            row = await store.find(session, self.principal.institution, name, lock=True)
            if row is None:
                raise NotFound("there is no such run")
            if created:
                row.patient_id = patient_id or await self._new_patient(session, name)
                if await patients.find(session, self.principal.institution, row.patient_id) is None:
                    raise NotFound("there is no such patient")
                await audit_log.record(session, self.principal, audit_log.Action.CREATE, "run", row.id, None)
            if row.patient_id is None:
                raise NotFound("the run's patient was deleted, and its scans with it; choose another name")
            if patient_id not in (None, row.patient_id):
                raise OtherPatient("the run of this name has another patient")
            return Run(row.id, row.patient_id, urgent)

    async def forget_failed(self, run: Run) -> int:
        """Forget the uploads that could not be read, so that they are read again; gives their number."""
        async with self.database.transaction() as session:
            return await store.delete_failed(session, run.id)

    async def remaining(self, run: Run, sources: Iterable[Source]) -> list[Source]:
        """The sources that the run does not have yet; also records the expected number of uploads."""
        async with self.database.transaction() as session:
            known = await store.keys(session, run.id)
            remaining = [source for source in sources if _key(source) not in known]
            await store.set_expected_uploads(session, run.id, len(known) + len(remaining))
        return remaining

    async def enqueue(self, run: Run, sources: Iterable[Source], on_done: Callable[[bool], None]) -> None:
        """Enqueue the sources; call `on_done(failed)` after each. Raises GatewayError when storage or database fails.

        A source that cannot be read, or is no study, is recorded as failed, and the run goes on.
        """
        remaining = iter(sources)

        async def add_next() -> None:
            for source in remaining:
                await self._wait_for_space()
                on_done(not await self._enqueue_one(run, source))

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self.at_once):
                    group.create_task(add_next())
        except ExceptionGroup as several:  # the first one cancelled the other tasks
            raise several.exceptions[0] from several

    async def _wait_for_space(self) -> None:
        """Wait until fewer than `max_waiting` analyses wait in the queue, of all runs."""
        while True:
            async with self.database.transaction() as session:
                if (await analyses.counts(session))[QUEUED] < self.max_waiting:
                    return
            await asyncio.sleep(POLL_S)

    async def _enqueue_one(self, run: Run, source: Source) -> bool:
        try:
            async with self.scan_uploads.receive(source.file_name, await source.bytes()) as received:
                await self._record(run, source, received)
        except (StudyError, ObjectMissing, SourceFailed) as error:
            async with self.database.transaction() as session:
                if await store.claim_upload(session, run.id, _key(source), source.item):
                    await store.record_outcome(session, run.id, _key(source), error=error.code, detail=error.detail)
            return False
        return True

    async def _record(self, run: Run, source: Source, received: ReceivedFile) -> None:
        """Insert scan, blob, analysis and run item in one transaction; nothing when another process was first."""
        principal, blob = self.principal, received.incoming.blob
        async with self.database.transaction() as session:
            if not await store.claim_upload(session, run.id, _key(source), source.item):
                return
            patient_id = await _patient_of(session, run, source)
            scan = await scans.insert(
                session, principal.institution, patient_id, received.name, None, blob.sha256, blob.size
            )
            if scan is None:
                raise NotFound("the run's patient was deleted meanwhile")
            await received.incoming.commit()
            await self.scan_uploads.quotas.count(session, principal, 1, blob.size)
            await store.record_outcome(session, run.id, _key(source), scan_id=scan.id)
            created: audit_log.Detail = {"patient": str(patient_id), "sha256": blob.sha256, "run": str(run.id)}
            await audit_log.record(session, principal, audit_log.Action.CREATE, "scan", scan.id, None, created)
            if source.origin is not None:
                await source.origin.record(session, scan)
            if source.origin is None or source.origin.analysed:
                await self._request_analysis(session, run, scan.id, urgent=_is_urgent(run, source))

    async def _request_analysis(self, session: AsyncSession, run: Run, scan_id: UUID, *, urgent: bool) -> None:
        principal = self.principal
        analysis = await analyses.request(session, principal.institution, scan_id, principal.key, urgent=urgent)
        if analysis is None:
            raise NotFound("the scan was deleted meanwhile")
        detail: audit_log.Detail = {"scan": str(scan_id), "urgent": urgent, "run": str(run.id)}
        await audit_log.record(session, principal, audit_log.Action.EXECUTE, "analysis", analysis.id, None, detail)

    async def _new_patient(self, session: AsyncSession, name: str) -> UUID:
        row = await patients.insert(session, self.principal.institution, FIRST_NAME, name, None)
        await audit_log.record(session, self.principal, audit_log.Action.CREATE, "patient", row.id, None)
        return row.id


async def _patient_of(session: AsyncSession, run: Run, source: Source) -> UUID:
    own = await source.origin.patient_id(session) if source.origin is not None else None
    return own or run.patient_id


def _is_urgent(run: Run, source: Source) -> bool:
    return run.urgent or (source.origin is not None and source.origin.urgent)


def _key(source: Source) -> str:
    return hashlib.sha256(source.item.encode()).hexdigest()
