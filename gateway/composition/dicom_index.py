"""The index of what is held, which is read in the background."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gateway.composition.record_store import RecordStore
from gateway.composition.services import Services
from gateway.pacs.dicomweb.indexing import Indexing
from gateway.viewing.render_cache import RenderCache


@asynccontextmanager
async def running_index(services: Services, store: RecordStore) -> AsyncIterator[None]:
    """Read new scans into the index until the block ends, unless the settings leave that to searches."""
    settings = services.settings
    if not settings.dicomweb_ahead:
        yield
        return
    cache = RenderCache(store.blobs, services.decode, settings.budgets, services.scratch, settings.deadline_s)
    task = asyncio.create_task(Indexing(store.database, cache).forever(), name="index")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
