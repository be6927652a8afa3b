"""Patients: listed, made, read, changed, deleted; each deed in the audit."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from uuid import UUID

from gateway.audit import audit_log
from gateway.database.connection import AsyncSession, Database
from gateway.database.optimistic_lock import changed
from gateway.database.paging import Window
from gateway.database.tables import PatientRow
from gateway.errors import NotFound
from gateway.idempotency.replay import Answer, Key, once
from gateway.principal import Principal, RequestContext
from gateway.records.blob_release import release
from gateway.records.pseudonyms import PatientView
from gateway.records.store import patients as rows
from gateway.records.store.patients import PatientFilter, PatientSort, Screened
from gateway.storage.blobs import Blobs

UNKNOWN = "there is no such patient"


@dataclass(frozen=True)
class NewPatient:
    """What is told of a patient."""

    first_name: str
    last_name: str
    description: str | None


class Patients:
    """The patients of the asker's institution; any other is not there."""

    def __init__(self, database: Database, blobs: Blobs) -> None:
        self._database = database
        self._blobs = blobs

    async def page(
        self, principal: Principal, q: str | None, sort: PatientSort, window: Window, context: RequestContext
    ) -> tuple[tuple[PatientView, ...], int]:
        """A part of the list, and how long the whole is."""
        wanted = PatientFilter(principal.institution, principal.sees_names, q, sort)
        async with self._database.transaction() as session:
            found, total = await rows.page(session, wanted, window)
            views = await _views(session, found, principal)
            await audit_log.record(session, principal, audit_log.Action.READ, "patient", None, context, _ids(found))
        return views, total

    async def create(
        self,
        principal: Principal,
        new: NewPatient,
        context: RequestContext,
        tell: Callable[[PatientView], Answer],
        key: Key | None = None,
    ) -> Answer:
        """Make a patient and tell of it; under a known key, tell again what was told before."""
        async with self._database.transaction() as session:

            async def work() -> Answer:
                row = await rows.insert(session, principal.institution, new.first_name, new.last_name, new.description)
                await audit_log.record(session, principal, audit_log.Action.CREATE, "patient", row.id, context)
                return tell(PatientView.of(row, Screened(), principal))

            return await once(session, key, work)

    async def read(self, principal: Principal, patient_id: UUID, context: RequestContext) -> PatientView:
        """One patient; raises NotFound."""
        async with self._database.transaction() as session:
            row = await _found(session, principal, patient_id)
            (view,) = await _views(session, (row,), principal)
            await audit_log.record(session, principal, audit_log.Action.READ, "patient", row.id, context)
        return view

    async def change(
        self,
        principal: Principal,
        patient_id: UUID,
        values: dict[str, str | None],
        expected: Collection[int] | None,
        context: RequestContext,
    ) -> PatientView:
        """Change what is given; raises NotFound, and PreconditionFailed unless it stands at an expected version."""
        async with self._database.transaction() as session:
            row = await _found(session, principal, patient_id, lock=True)
            await changed(session, row, values, expected)
            await rows.renamed(session, row)
            (view,) = await _views(session, (row,), principal)
            detail = {"fields": sorted(values)}
            await audit_log.record(session, principal, audit_log.Action.UPDATE, "patient", row.id, context, detail)
        return view

    async def delete(self, principal: Principal, patient_id: UUID, context: RequestContext) -> None:
        """Delete the patient with scans, reports, and the blobs that nothing else uses; raises NotFound."""
        async with self._database.transaction() as session:
            row = await _found(session, principal, patient_id, lock=True)
            used = await rows.delete(session, row)
            await audit_log.record(session, principal, audit_log.Action.DELETE, "patient", patient_id, context)
        await release(self._database, self._blobs, used)


async def _found(session: AsyncSession, principal: Principal, patient_id: UUID, *, lock: bool = False) -> PatientRow:
    row = await rows.find(session, principal.institution, patient_id, lock=lock)
    if row is None:
        raise NotFound(UNKNOWN)
    return row


async def _views(session: AsyncSession, found: Collection[PatientRow], principal: Principal) -> tuple[PatientView, ...]:
    screened = await rows.screened(session, [row.id for row in found])
    return tuple(PatientView.of(row, screened.get(row.id, Screened()), principal) for row in found)


def _ids(found: Collection[PatientRow]) -> dict[str, list[str]]:
    return {"ids": [str(row.id) for row in found]}
