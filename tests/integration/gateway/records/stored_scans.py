"""Scans written to database and storage directly, as `scan_upload` writes them, for tests of records."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.database.tables import ScanRow
from gateway.errors import ObjectMissing
from gateway.records.store import scans
from gateway.storage.blobs import Blobs
from tests.integration.gateway.gateway_data import blobs_of, in_transaction
from tests.integration.gateway.running_gateway import RunningGateway

T = TypeVar("T")


@dataclass(frozen=True)
class StoredScans:
    """The database and the storage of a running gateway, over own connections."""

    gateway: RunningGateway

    @property
    def blobs(self) -> Blobs:
        return blobs_of(self.gateway)

    def scan(self, patient_id: str, content: bytes = b"study", institution: str = "st-anna", **values: Any) -> str:
        """A new scan; `values` are the columns that an analysis writes."""
        names = {"file_name": values.pop("file_name", "study.zip"), "description": values.pop("description", None)}

        async def add(session: AsyncSession) -> str:
            await self.blobs.store(_pieces(content))
            sha256 = hashlib.sha256(content).hexdigest()
            row = await scans.insert(session, institution, UUID(patient_id), sha256=sha256, size=len(content), **names)
            assert row
            if values:
                await session.execute(update(ScanRow).where(ScanRow.id == row.id).values(**values))
            return str(row.id)

        return self.in_transaction(add)

    def has_blob(self, content: bytes) -> bool:
        """Whether the storage has a blob with this content."""

        async def is_equal() -> bool:
            chunks = [chunk async for chunk in self.blobs.read(hashlib.sha256(content).hexdigest())]
            return b"".join(chunks) == content

        try:
            return asyncio.run(is_equal())
        except ObjectMissing:
            return False

    def in_transaction(self, work: Callable[[AsyncSession], Awaitable[T]]) -> T:
        """Run `work` in a transaction."""
        return in_transaction(self.gateway, work)


async def _pieces(data: bytes) -> AsyncIterator[bytes]:
    yield data
