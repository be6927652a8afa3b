"""The record store, made from the settings: records in PostgreSQL, bytes in blobs, notifications, authentication."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from pydantic import SecretStr

from gateway.analyses.store.notifications import Notifications
from gateway.audit.sealing import Sealer
from gateway.auth.authentication import Authentication, open_authentication
from gateway.composition.postgres import data_folder, open_postgres
from gateway.database.connection import Database
from gateway.database.migration import migrate_when_available
from gateway.rate_limits.rate_limit import RateLimits, open_rate_limits
from gateway.settings.auth import is_loopback
from gateway.settings.settings import Settings
from gateway.storage.blobs import Blobs


@dataclass(frozen=True)
class RecordStore:
    """What is kept, and who may read it. Screening from the command line works without it."""

    database: Database
    blobs: Blobs
    notifications: Notifications
    authentication: Authentication
    database_url: SecretStr
    sealer: Sealer
    location: str
    rate_limits: RateLimits


@asynccontextmanager
async def open_record_store(settings: Settings) -> AsyncIterator[RecordStore]:
    """Start PostgreSQL unless the settings name one, migrate its schema; at the end stop what was started.

    Raises DatabaseUnavailable when it does not answer in time, and the EngineError of `engines` when it does not start.
    """
    folder = data_folder(settings)
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(open_postgres(settings, folder))
        database = Database(url.get_secret_value())
        stack.push_async_callback(database.close)
        await migrate_when_available(database, settings.database_start_s)
        sealer = await stack.enter_async_context(Sealer(database).running())
        blobs = Blobs(settings.blob_url or folder / "blobs")
        limits = await stack.enter_async_context(open_rate_limits(database))
        authentication = await stack.enter_async_context(
            open_authentication(settings, database, limits, is_loopback(settings.host))
        )
        notifications = await stack.enter_async_context(Notifications(url.get_secret_value()).listening())
        location = str(folder) if settings.database_url is None else "the PostgreSQL of TURNSTILE_DATABASE_URL"
        yield RecordStore(database, blobs, notifications, authentication, url, sealer, location, limits)
