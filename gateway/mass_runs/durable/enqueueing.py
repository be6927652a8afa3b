"""Uploads into the durable queue, each once for a run, whatever dies: what a run has is in the database alone."""

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
from gateway.mass_runs.durable.sources import Source
from gateway.principal import Principal
from gateway.records.scan_upload import Arrived, Uploading
from gateway.records.store import patients, scans
from screening.errors import StudyError

POLL_S: Final = 1.0  # a study takes about as long
FIRST_NAME: Final = "Mass run"  # of the patient that a run's scans belong to, where none is named


class OtherPatient(GatewayError):
    """The run belongs to another patient than the one named now."""

    code, status = "other_patient", 409


@dataclass(frozen=True)
class Run:
    """A run that uploads are put into."""

    id: UUID
    patient_id: UUID
    urgent: bool


@dataclass(frozen=True)
class Filling:
    """Puts uploads into the queue, `at_once` at a time, while fewer than `ahead` analyses wait there."""

    database: Database
    uploading: Uploading
    principal: Principal
    at_once: int
    ahead: int

    async def opened(self, name: str, patient_id: UUID | None, *, urgent: bool) -> Run:
        """The run of this name, made with its patient where there is none; raises NotFound and OtherPatient."""
        async with self.database.transaction() as session:
            made = await store.make(session, self.principal.institution, name, self.principal.key)
            row = await store.find(session, self.principal.institution, name, lock=True)
            if row is None:
                raise NotFound("there is no such run")
            if made:
                row.patient_id = patient_id or await self._new_patient(session, name)
                if await patients.find(session, self.principal.institution, row.patient_id) is None:
                    raise NotFound("there is no such patient")
                await audit_log.record(session, self.principal, audit_log.Action.CREATE, "run", row.id, None)
            if row.patient_id is None:
                raise NotFound("the run's patient was deleted, and its scans with it; take another name")
            if patient_id not in (None, row.patient_id):
                raise OtherPatient("the run of this name has another patient")
            return Run(row.id, row.patient_id, urgent)

    async def left(self, run: Run, sources: Iterable[Source]) -> list[Source]:
        """Those that the run has not yet; the run knows from now on how many it is to have."""
        async with self.database.transaction() as session:
            known = await store.keys(session, run.id)
            left = [source for source in sources if _key(source) not in known]
            await store.is_to_have(session, run.id, len(known) + len(left))
        return left

    async def fill(self, run: Run, sources: Iterable[Source], on_done: Callable[[bool], None]) -> None:
        """Add them; `on_done` hears of each whether it failed. Raises GatewayError where the store or database is away.

        One that cannot be read, or is plainly no study, is noted as failed and the run goes on.
        """
        waiting = iter(sources)

        async def add_next() -> None:
            for source in waiting:
                await self._room()
                on_done(not await self._added(run, source))

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self.at_once):
                    group.create_task(add_next())
        except ExceptionGroup as several:  # they were stopped by the first
            raise several.exceptions[0] from several

    async def _room(self) -> None:
        """Wait until fewer than `ahead` analyses wait, of whatever run."""
        while True:
            async with self.database.transaction() as session:
                if (await analyses.counts(session))[QUEUED] < self.ahead:
                    return
            await asyncio.sleep(POLL_S)

    async def _added(self, run: Run, source: Source) -> bool:
        try:
            async with self.uploading.arrival(source.file_name, await source.bytes()) as arrived:
                await self._record(run, source, arrived)
        except (StudyError, ObjectMissing) as error:
            async with self.database.transaction() as session:
                if await store.claim(session, run.id, _key(source), source.item):
                    await store.note(session, run.id, _key(source), error=error.code, detail=error.detail)
            return False
        return True

    async def _record(self, run: Run, source: Source, arrived: Arrived) -> None:
        """Scan, blob, analysis and the run's own word, all or none; nothing where another process was first."""
        principal, blob = self.principal, arrived.incoming.blob
        async with self.database.transaction() as session:
            if not await store.claim(session, run.id, _key(source), source.item):
                return
            scan = await scans.insert(
                session, principal.institution, run.patient_id, arrived.name, None, blob.sha256, blob.size
            )
            if scan is None:
                raise NotFound("the run's patient was deleted meanwhile")
            await arrived.incoming.keep()
            analysis = await analyses.request(session, principal.institution, scan.id, principal.key, urgent=run.urgent)
            if analysis is None:
                raise NotFound("the scan was deleted meanwhile")
            await store.note(session, run.id, _key(source), scan_id=scan.id)
            made: audit_log.Detail = {"patient": str(run.patient_id), "sha256": blob.sha256, "run": str(run.id)}
            await audit_log.record(session, principal, audit_log.Action.CREATE, "scan", scan.id, None, made)
            asked: audit_log.Detail = {"scan": str(scan.id), "urgent": run.urgent, "run": str(run.id)}
            await audit_log.record(session, principal, audit_log.Action.EXECUTE, "analysis", analysis.id, None, asked)

    async def _new_patient(self, session: AsyncSession, name: str) -> UUID:
        row = await patients.insert(session, self.principal.institution, FIRST_NAME, name, None)
        await audit_log.record(session, self.principal, audit_log.Action.CREATE, "patient", row.id, None)
        return row.id


def _key(source: Source) -> str:
    return hashlib.sha256(source.item.encode()).hexdigest()
