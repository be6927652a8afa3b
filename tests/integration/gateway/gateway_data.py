"""The database and the blobs of a running gateway, over connections of the test's own."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from gateway.database.connection import Database
from gateway.storage.blobs import Blobs
from tests.integration.gateway.running_gateway import RunningGateway

T = TypeVar("T")


def in_transaction(gateway: RunningGateway, work: Callable[[AsyncSession], Awaitable[T]]) -> T:
    """Run `work` in a transaction of the gateway's database."""

    async def run() -> T:
        database = Database(gateway.store.database_url.get_secret_value())
        try:
            async with database.transaction() as session:
                return await work(session)
        finally:
            await database.close()

    return asyncio.run(run())


def blobs_of(gateway: RunningGateway) -> Blobs:
    """The gateway's blob store, which is a folder."""
    return Blobs(gateway.scratch.with_name(f"{gateway.scratch.name}-data") / "blobs")
