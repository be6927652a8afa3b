"""Scans put straight into the store, as `uploading` puts them: this room asks for records, not for files."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.database.connection import Database
from gateway.database.tables import ScanRow
from gateway.errors import ObjectMissing
from gateway.records.store import scans
from gateway.storage.blobs import Blobs
from tests.integration.gateway.running_gateway import RunningGateway

T = TypeVar("T")


@dataclass(frozen=True)
class Kept:
    """The store of a running gateway, on connections of our own."""

    gateway: RunningGateway

    @property
    def blobs(self) -> Blobs:
        return Blobs(self.gateway.scratch.with_name(f"{self.gateway.scratch.name}-data") / "blobs")

    def scan(self, patient_id: str, content: bytes = b"study", institution: str = "st-anna", **values: Any) -> str:
        """A new scan; `values` are what an analysis would have written."""
        names = {"file_name": values.pop("file_name", "study.zip"), "description": values.pop("description", None)}

        async def add(session: AsyncSession) -> str:
            await self.blobs.store(_pieces(content))
            sha256 = hashlib.sha256(content).hexdigest()
            row = await scans.insert(session, institution, UUID(patient_id), sha256=sha256, size=len(content), **names)
            assert row
            if values:
                await session.execute(update(ScanRow).where(ScanRow.id == row.id).values(**values))
            return str(row.id)

        return self.within(add)

    def has(self, content: bytes) -> bool:
        """Whether a blob with this content is kept."""

        async def sizes() -> bool:
            kept = [one async for one in self.blobs.read(hashlib.sha256(content).hexdigest())]
            return b"".join(kept) == content

        try:
            return asyncio.run(sizes())
        except ObjectMissing:
            return False

    def within(self, work: Callable[[AsyncSession], Awaitable[T]]) -> T:
        """Run `work` in a transaction."""

        async def run() -> T:
            database = Database(self.gateway.store.database_url.get_secret_value())
            try:
                async with database.transaction() as session:
                    return await work(session)
            finally:
                await database.close()

        return asyncio.run(run())


async def _pieces(data: bytes) -> AsyncIterator[bytes]:
    yield data
