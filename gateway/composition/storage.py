"""Where things are kept, and what copies them away: the composition root of backups, which need no networks."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from pydantic import SecretStr

from engines.data_directories import default_data
from engines.postgres_dump import DumpTools
from engines.postgres_server import PostgresServer
from gateway.backups.backup import Taking
from gateway.backups.restore import Restoring
from gateway.database.connection import Database, libpq_url
from gateway.principal import Principal
from gateway.settings.settings import Settings
from gateway.storage.objects import Objects


@asynccontextmanager
async def open_postgres(settings: Settings, folder: Path) -> AsyncIterator[SecretStr]:
    """The URL of the PostgreSQL that is named, else of one that is started in `folder` for the block's time."""
    if settings.database_url is not None:
        yield settings.database_url
    else:
        async with PostgresServer(folder, ready_timeout_s=settings.database_start_s) as postgres:
            yield SecretStr(postgres.url)


@asynccontextmanager
async def open_backups(settings: Settings, by: Principal) -> AsyncIterator[tuple[Taking, Restoring]]:
    """What takes and restores backups, on a database that is left as it is: it may be of another schema, or empty."""
    folder = data_folder(settings)
    async with open_postgres(settings, folder) as url:
        database = Database(url.get_secret_value())
        tools, kept = DumpTools(libpq_url(url.get_secret_value())), Objects(settings.blob_url or folder / "blobs")
        try:
            parts = (database, tools, kept, by, settings.scratch_folder)
            yield Taking(*parts), Restoring(*parts)
        finally:
            await database.close()


def data_folder(settings: Settings) -> Path:
    """Where the database and the blobs are kept, made when missing."""
    folder = settings.data_folder or default_data()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # uploads lie in it, and they name patients
    return folder
