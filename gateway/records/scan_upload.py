"""From a stream of bytes to a scan: looked at, hashed, kept once, and in the patient's record."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID

from gateway.audit import audit_log
from gateway.database.connection import Database
from gateway.errors import NotFound
from gateway.idempotency.replay import Answer, Key, once
from gateway.principal import Principal, RequestContext
from gateway.records.patients import UNKNOWN
from gateway.records.store import patients, scans
from gateway.storage.blobs import Blobs, Incoming
from screening.errors import EmptyUpload, NotDicom
from screening.file_signature import FIRST_BYTES, may_be_a_study


@dataclass(frozen=True)
class Arrived:
    """A file that has arrived whole and is in no record yet."""

    incoming: Incoming
    name: str = field(repr=False)


@dataclass(frozen=True)
class Uploading:
    """Takes files in. Whatever fails or is cut off leaves neither bytes nor a row."""

    database: Database
    blobs: Blobs

    async def must_know(self, principal: Principal, patient_id: UUID) -> None:
        """Raises NotFound for a patient who is not there, or not of the asker's institution."""
        async with self.database.transaction() as session:
            if await patients.find(session, principal.institution, patient_id) is None:
                raise NotFound(UNKNOWN)

    @asynccontextmanager
    async def arrival(self, name: str, chunks: AsyncIterator[bytes]) -> AsyncIterator[Arrived]:
        """Take a file in until the block ends; raises EmptyUpload or NotDicom for what is plainly no study."""
        async with self.blobs.receive(_studies_only(chunks)) as incoming:
            if not incoming.blob.size:
                raise EmptyUpload("the file is empty")
            yield Arrived(incoming, name)

    async def record(
        self,
        principal: Principal,
        context: RequestContext,
        patient_id: UUID,
        arrived: Arrived,
        description: str | None,
        tell: Callable[[UUID], Answer],
        key: Key | None = None,
    ) -> Answer:
        """Make the arrived file a scan of the patient and tell of it; under a known key, tell again what was told.

        Raises NotFound.
        """
        blob = arrived.incoming.blob

        async with self.database.transaction() as session:

            async def work() -> Answer:
                scan = await scans.insert(
                    session, principal.institution, patient_id, arrived.name, description, blob.sha256, blob.size
                )
                if scan is None:
                    raise NotFound(UNKNOWN)
                await arrived.incoming.keep()
                told = {"patient": str(patient_id), "sha256": blob.sha256}
                await audit_log.record(session, principal, audit_log.Action.CREATE, "scan", scan.id, context, told)
                return tell(scan.id)

            return await once(session, key, work)


async def _studies_only(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same bytes; raises NotDicom before the first of them is given, when they are plainly no study."""
    start = b""
    async for chunk in chunks:
        if len(start) < FIRST_BYTES:
            start += chunk
            if len(start) < FIRST_BYTES:
                continue
            chunk = start  # noqa: PLW2901 - all that was held back
            _check(start)
        yield chunk
    if 0 < len(start) < FIRST_BYTES:
        _check(start)
        yield start


def _check(start: bytes) -> None:
    if not may_be_a_study(start):
        raise NotDicom("the file is neither a zip nor DICOM nor NIfTI")
