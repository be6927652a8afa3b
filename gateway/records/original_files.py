"""The original file of a scan, as it was uploaded. Each download writes an audit event of the action `export`."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

from gateway.audit import audit_log
from gateway.database.connection import Database
from gateway.errors import NotFound
from gateway.principal import Principal, RequestContext
from gateway.records.scans import UNKNOWN
from gateway.records.store import stored_files
from gateway.records.store.stored_files import StoredFile
from gateway.storage.blobs import Blobs


@dataclass(frozen=True)
class OriginalFiles:
    """Reads the original files of scans."""

    database: Database
    blobs: Blobs

    async def open(self, principal: Principal, context: RequestContext, scan_id: UUID) -> StoredFile:
        """The description of a scan's file; raises NotFound."""
        async with self.database.transaction() as session:
            file = await stored_files.find_by_scan(session, principal.institution, scan_id)
            if file is None:
                raise NotFound(UNKNOWN)
            await audit_log.record(
                session, principal, audit_log.Action.EXPORT, "scan", scan_id, context, {"sha256": file.sha256}
            )
        return file

    def read(self, file: StoredFile, start: int, end: int) -> AsyncIterator[bytes]:
        """The bytes from `start` to before `end`; raises ObjectMissing."""
        return self.blobs.read(file.sha256, start, end)
