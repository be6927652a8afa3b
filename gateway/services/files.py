"""The original file of a scan, as it came in; every reading of it is an export in the audit."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

from gateway.errors import NotFound
from gateway.people.principal import Principal, RequestFacts
from gateway.services import audit
from gateway.services.scans import UNKNOWN
from gateway.store import uploads
from gateway.store.blobs import Blobs
from gateway.store.database import Database
from gateway.store.uploads import Uploaded


@dataclass(frozen=True)
class Files:
    """Gives files out."""

    database: Database
    blobs: Blobs

    async def open(self, asking: Principal, facts: RequestFacts, scan_id: UUID) -> Uploaded:
        """What the file of a scan is; raises NotFound."""
        async with self.database.transaction() as session:
            file = await uploads.of_scan(session, asking.institution, scan_id)
            if file is None:
                raise NotFound(UNKNOWN)
            await audit.record(session, asking, audit.Action.EXPORT, "scan", scan_id, facts, {"sha256": file.sha256})
        return file

    def read(self, file: Uploaded, start: int, end: int) -> AsyncIterator[bytes]:
        """The bytes from `start` to before `end`; raises ObjectMissing."""
        return self.blobs.read(file.sha256, start, end)
