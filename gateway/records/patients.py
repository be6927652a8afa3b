"""Patients: listed, created, read, changed, deleted. Each action writes an audit event."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from gateway.audit import audit_log
from gateway.database.connection import AsyncSession, Database
from gateway.database.optimistic_lock import update_if_unchanged
from gateway.database.paging import PageRange
from gateway.database.tables import PatientRow
from gateway.errors import NotFound
from gateway.idempotency.store import IdempotencyKey, lock_and_find, remember
from gateway.principal import Principal, RequestContext
from gateway.records.blob_deletion import delete_derived_of, delete_unused_blobs
from gateway.records.pseudonyms import PatientView
from gateway.records.store import patients as rows
from gateway.records.store import stored_files
from gateway.records.store.patients import PatientFilter, PatientSort, ScanSummary
from gateway.storage.blobs import Blobs

UNKNOWN = "there is no such patient"


@dataclass(frozen=True)
class NewPatient:
    """The data of a new patient."""

    first_name: str
    last_name: str
    description: str | None


class Patients:
    """The patients of the principal's institution. A patient of another institution is NotFound."""

    def __init__(self, database: Database, blobs: Blobs) -> None:
        self._database = database
        self._blobs = blobs

    async def page(
        self, principal: Principal, q: str | None, sort: PatientSort, page_range: PageRange, context: RequestContext
    ) -> tuple[tuple[PatientView, ...], int]:
        """A page of the list, and the total number."""
        criteria = PatientFilter(principal.institution, principal.sees_names, q, sort)
        async with self._database.transaction() as session:
            found, total = await rows.page(session, criteria, page_range)
            views = await _views(session, found, principal)
            await audit_log.record(session, principal, audit_log.Action.READ, "patient", None, context, _ids(found))
        return views, total

    async def create(
        self, principal: Principal, new: NewPatient, context: RequestContext, key: IdempotencyKey | None = None
    ) -> PatientView:
        """Create a patient. With a known key, read the patient that its first request created.

        Raises IdempotencyBusy, IdempotencyMismatch, and RecordDeleted when that patient is gone.
        """
        async with self._database.transaction() as session:
            known = await lock_and_find(session, key)
            if known is not None:
                return await _read(session, principal, known, context)
            row = await rows.insert(session, principal.institution, new.first_name, new.last_name, new.description)
            await remember(session, key, row.id)
            await audit_log.record(session, principal, audit_log.Action.CREATE, "patient", row.id, context)
            return PatientView.for_principal(row, ScanSummary(), principal)

    async def read(self, principal: Principal, patient_id: UUID, context: RequestContext) -> PatientView:
        """One patient; raises NotFound."""
        async with self._database.transaction() as session:
            return await _read(session, principal, patient_id, context)

    async def change(
        self,
        principal: Principal,
        patient_id: UUID,
        values: dict[str, str | None],
        expected: Collection[int] | None,
        context: RequestContext,
    ) -> PatientView:
        """Change the given fields; raises NotFound, and PreconditionFailed unless its version is an expected one."""
        async with self._database.transaction() as session:
            row = await _require_patient(session, principal, patient_id, lock=True)
            await update_if_unchanged(session, row, values, expected)
            await rows.update_search_name(session, row)
            (view,) = await _views(session, (row,), principal)
            detail = {"fields": sorted(values)}
            await audit_log.record(session, principal, audit_log.Action.UPDATE, "patient", row.id, context, detail)
        return view

    async def delete(self, principal: Principal, patient_id: UUID, context: RequestContext) -> None:
        """Delete the patient with scans, reports, and the blobs that no other scan uses; raises NotFound."""
        async with self._database.transaction() as session:
            row = await _require_patient(session, principal, patient_id, lock=True)
            analyses = await stored_files.analyses_of_patient(session, patient_id)
            used = await rows.delete(session, row)
            await audit_log.record(session, principal, audit_log.Action.DELETE, "patient", patient_id, context)
        await delete_derived_of(self._blobs, analyses)
        await delete_unused_blobs(self._database, self._blobs, used)


async def _read(session: AsyncSession, principal: Principal, patient_id: UUID, context: RequestContext) -> PatientView:
    row = await _require_patient(session, principal, patient_id)
    (view,) = await _views(session, (row,), principal)
    await audit_log.record(session, principal, audit_log.Action.READ, "patient", row.id, context)
    return view


async def _require_patient(
    session: AsyncSession, principal: Principal, patient_id: UUID, *, lock: bool = False
) -> PatientRow:
    row = await rows.find(session, principal.institution, patient_id, lock=lock)
    if row is None:
        raise NotFound(UNKNOWN)
    return row


async def _views(session: AsyncSession, found: Collection[PatientRow], principal: Principal) -> tuple[PatientView, ...]:
    scan_summaries = await rows.scan_summaries(session, [row.id for row in found])
    return tuple(PatientView.for_principal(row, scan_summaries.get(row.id, ScanSummary()), principal) for row in found)


def _ids(found: Collection[PatientRow]) -> dict[str, list[str]]:
    return {"ids": [str(row.id) for row in found]}
