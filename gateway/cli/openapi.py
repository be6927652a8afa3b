"""`turnstile openapi`: the description of the API, from which `web/` makes its types."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import typer
from pydantic import SecretStr

from gateway.analyses.store.notifications import News
from gateway.auth.authentication import open_authentication
from gateway.database.connection import Database
from gateway.main import Store, create_app, open_services
from gateway.settings.settings import Settings
from gateway.storage.blobs import Blobs
from gateway.telemetry.logs import configure_logs

NOWHERE = "postgresql://nowhere/turnstile"  # nothing connects before it is asked


def openapi() -> None:
    """Print the OpenAPI description of every call; nothing is started for it."""
    configure_logs("error")
    typer.echo(as_text(asyncio.run(description())), nl=False)


def as_text(described: dict[str, Any]) -> str:
    """The description as `web/openapi.json` keeps it."""
    return json.dumps(described, indent=2, ensure_ascii=False) + "\n"


async def description() -> dict[str, Any]:
    """The calls of the gateway, whatever the settings of this machine are."""
    settings = Settings(triton_url="nowhere:1")
    async with open_services(settings) as services, _unopened(settings) as store:
        return create_app(services, store).openapi()


@asynccontextmanager
async def _unopened(settings: Settings) -> AsyncIterator[Store]:
    database = Database(NOWHERE)
    async with open_authentication(settings, database, loopback=True) as authentication:
        with TemporaryDirectory(prefix="turnstile-openapi-") as folder:
            yield Store(database, Blobs(Path(folder)), News(NOWHERE), authentication, SecretStr(NOWHERE), "nowhere")
