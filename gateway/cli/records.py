"""The record store of a command."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pydantic import SecretStr

from gateway.cli.running_instance import find_running
from gateway.composition.record_store import RecordStore, open_record_store
from gateway.settings.settings import Settings


@asynccontextmanager
async def open_records(settings: Settings) -> AsyncIterator[RecordStore]:
    """The record store of the settings, else that of a running `turnstile up`, else one that is started here."""
    async with open_record_store(with_running_database(settings)) as store:
        yield store


def with_running_database(settings: Settings) -> Settings:
    """The settings; without a database URL, with the database and the blobs of a running `turnstile up`."""
    running = find_running()
    if settings.database_url is not None or running is None:
        return settings
    found = {"database_url": SecretStr(running.database_url), "blob_url": running.blob_url}
    return settings.model_copy(update=found)
