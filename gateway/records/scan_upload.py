"""Upload of a scan: the stream is checked, hashed and stored once, then recorded as a scan of the patient."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID

from gateway.audit import audit_log
from gateway.database.connection import AsyncSession, Database
from gateway.database.tables import ScanRow
from gateway.errors import NotFound
from gateway.idempotency.store import IdempotencyKey, lock_and_find, remember
from gateway.principal import Principal, RequestContext
from gateway.quotas.quotas import NO_QUOTAS, Quotas
from gateway.records.patients import UNKNOWN
from gateway.records.store import patients, scans
from gateway.storage.blobs import Blobs, Incoming
from screening.errors import EmptyUpload
from screening.intake.file_signature import FIRST_BYTES, has_known_signature, refusal


@dataclass(frozen=True)
class ReceivedFile:
    """A completely received file, not yet recorded as a scan."""

    incoming: Incoming
    name: str = field(repr=False)


@dataclass(frozen=True)
class ScanUploads:
    """Receives files and records them. A failed or interrupted upload leaves neither bytes nor a row."""

    database: Database
    blobs: Blobs
    quotas: Quotas = NO_QUOTAS

    async def check_quota(self, principal: Principal) -> None:
        """Raise QuotaExceeded when the principal or its institution has used up its day."""
        await self.quotas.check(self.database, principal)

    async def require_patient(self, principal: Principal, patient_id: UUID) -> None:
        """Raise NotFound unless the principal's institution has this patient."""
        async with self.database.transaction() as session:
            if await patients.find(session, principal.institution, patient_id) is None:
                raise NotFound(UNKNOWN)

    @asynccontextmanager
    async def receive(self, name: str, chunks: AsyncIterator[bytes]) -> AsyncIterator[ReceivedFile]:
        """Receive a file; unless it is recorded, it is deleted when the block ends.

        Raises EmptyUpload, NotDicom or UnsupportedArchive.
        """
        async with self.blobs.receive(_reject_non_studies(chunks)) as incoming:
            if not incoming.blob.size:
                raise EmptyUpload("the file is empty")
            yield ReceivedFile(incoming, name)

    async def create_scan(
        self,
        principal: Principal,
        context: RequestContext,
        patient_id: UUID,
        file: ReceivedFile,
        description: str | None,
        key: IdempotencyKey | None = None,
    ) -> UUID:
        """Record the received file as a scan of the patient. A known key gives the scan of its first request.

        Raises NotFound, QuotaExceeded, IdempotencyBusy, IdempotencyMismatch, and RecordDeleted when that scan is gone.
        """
        async with self.database.transaction() as session:
            known = await lock_and_find(session, key)
            if known is not None:
                return known
            scan = await self.record(session, principal, context, patient_id, file, description)
            await remember(session, key, scan.id)
            return scan.id

    async def record(
        self,
        session: AsyncSession,
        principal: Principal,
        context: RequestContext | None,
        patient_id: UUID,
        file: ReceivedFile,
        description: str | None,
    ) -> ScanRow:
        """Record the received file as a scan in the caller's transaction; raises NotFound and QuotaExceeded."""
        blob = file.incoming.blob
        scan = await scans.insert(
            session, principal.institution, patient_id, file.name, description, blob.sha256, blob.size
        )
        if scan is None:
            raise NotFound(UNKNOWN)
        await file.incoming.commit()
        detail = {"patient": str(patient_id), "sha256": blob.sha256}
        await audit_log.record(session, principal, audit_log.Action.CREATE, "scan", scan.id, context, detail)
        await self.quotas.count(session, principal, 1, blob.size)
        return scan


async def _reject_non_studies(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same chunks; raises NotDicom or UnsupportedArchive before the first one when that is not of a study."""
    start = b""
    async for chunk in chunks:
        if len(start) < FIRST_BYTES:
            start += chunk
            if len(start) < FIRST_BYTES:
                continue
            chunk = start  # noqa: PLW2901 - all bytes that were held back
            _check_signature(start)
        yield chunk
    if 0 < len(start) < FIRST_BYTES:
        _check_signature(start)
        yield start


def _check_signature(start: bytes) -> None:
    if not has_known_signature(start):
        raise refusal(start)
