"""Where PostgreSQL runs and where the data lie: the named server, or one that is started in the data folder."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from pydantic import SecretStr

from engines.data_directories import default_data
from engines.postgres_server import PostgresServer
from gateway.settings.settings import Settings
from gateway.storage.private_folder import make_private


@asynccontextmanager
async def open_postgres(settings: Settings, folder: Path) -> AsyncIterator[SecretStr]:
    """The URL of the PostgreSQL in the settings, else of one that runs in `folder` until the block ends."""
    if settings.database_url is not None:
        yield settings.database_url
    else:
        async with PostgresServer(folder, ready_timeout_s=settings.database_start_s) as postgres:
            yield SecretStr(postgres.url)


def data_folder(settings: Settings) -> Path:
    """The folder of the database and the blobs; created when missing, and closed to other users."""
    folder = settings.data_folder or default_data()
    return make_private(folder)  # uploads lie in it, and they name patients
