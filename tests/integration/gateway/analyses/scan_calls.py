"""Scans of a running gateway, inserted into its database and blob store, and HTTP calls about them."""

import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import httpx
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.database.tables import ScanRow
from gateway.storage.blobs import Blobs
from tests.integration.gateway.analyses.rows import new_scan
from tests.integration.gateway.gateway_data import blobs_of, in_transaction
from tests.integration.gateway.running_gateway import RunningGateway

T = TypeVar("T")
LOCAL = "local"  # the institution of the local admin


@dataclass(frozen=True)
class Scans:
    """Scans in the database of one gateway, and HTTP calls about them."""

    gateway: RunningGateway

    @property
    def blobs(self) -> Blobs:
        return blobs_of(self.gateway)

    def add(self, path: Path, institution: str = LOCAL) -> UUID:
        """A new scan of the file."""
        content = path.read_bytes()

        async def add(session: AsyncSession) -> UUID:
            await self.blobs.store(_pieces(content))
            return await new_scan(session, content, institution)

        return self.in_database(add)

    def delete(self, scan: UUID) -> None:
        async def drop(session: AsyncSession) -> None:
            await session.execute(delete(ScanRow).where(ScanRow.id == scan))

        self.in_database(drop)

    def in_database(self, work: Callable[[AsyncSession], Awaitable[T]]) -> T:
        """Run `work` in a transaction of the gateway's database."""
        return in_transaction(self.gateway, work)

    def call(self, method: str, scan: UUID | str, what: str, **options: Any) -> httpx.Response:
        """One request about a scan."""
        with self.gateway.client() as client:
            return client.request(method, f"/api/scans/{scan}/{what}", **options)

    def analysed(self, scan: UUID) -> dict[str, Any]:
        """Request an analysis and wait until it has ended."""
        answer = self.call("POST", scan, "analyze?wait=110")
        assert answer.status_code == 200, answer.text
        analysis: dict[str, Any] = answer.json()
        return analysis

    def analysis(self, scan: UUID) -> dict[str, Any]:
        found: dict[str, Any] = self.call("GET", scan, "analysis").json()
        return found

    def report(self, scan: UUID) -> dict[str, Any]:
        found: dict[str, Any] = self.call("GET", scan, "report").json()
        return found


@contextmanager
def triton_hangs(scans: Scans) -> Iterator[None]:
    """Stop the gateway's Triton with SIGSTOP for the block."""
    triton = scans.gateway.triton
    triton.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        triton.send_signal(signal.SIGCONT)


async def _pieces(data: bytes) -> AsyncIterator[bytes]:
    yield data
