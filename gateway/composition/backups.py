"""Backup and restore, made from the settings. They need the database and the blobs, and no networks."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from engines.postgres_dump import DumpTools
from gateway.backups.backup import BackupWriter
from gateway.backups.restore import BackupRestorer
from gateway.composition.postgres import data_folder, open_postgres
from gateway.database.connection import Database, libpq_url
from gateway.principal import Principal
from gateway.settings.settings import Settings
from gateway.storage.objects import Objects
from gateway.storage.scratch import open_scratch


@asynccontextmanager
async def open_backups(settings: Settings, by: Principal) -> AsyncIterator[tuple[BackupWriter, BackupRestorer]]:
    """Backup and restore of one database. Its schema is not migrated: it may be older or newer, or empty."""
    folder = data_folder(settings)
    async with open_postgres(settings, folder) as url, open_scratch(settings.scratch_folder) as scratch:
        database = Database(url.get_secret_value())
        tools, objects = DumpTools(libpq_url(url.get_secret_value())), Objects(settings.blob_url or folder / "blobs")
        try:
            parts = (database, tools, objects, by, scratch)
            yield BackupWriter(*parts), BackupRestorer(*parts)
        finally:
            await database.close()
