"""`turnstile openapi`: the description of the API, from which `web/` generates its types."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import typer
from pydantic import SecretStr

from gateway.analyses.store.notifications import Notifications
from gateway.audit.sealing import Sealer
from gateway.auth.authentication import open_authentication
from gateway.composition.record_store import RecordStore
from gateway.composition.services import open_services
from gateway.database.connection import Database
from gateway.main import create_app
from gateway.rate_limits.rate_limit import RateLimits
from gateway.settings.settings import Settings
from gateway.storage.blobs import Blobs
from gateway.telemetry.logs import configure_logs

NO_DATABASE = "postgresql://nowhere/turnstile"  # nothing connects before the first query


def openapi() -> None:
    """Print the OpenAPI description of every call; nothing is started for it."""
    configure_logs("error")
    typer.echo(as_text(asyncio.run(description())), nl=False)


def as_text(described: dict[str, Any]) -> str:
    """The description as `web/openapi.json` keeps it."""
    return json.dumps(described, indent=2, ensure_ascii=False) + "\n"


async def description() -> dict[str, Any]:
    """The OpenAPI description; it does not depend on the settings of this machine."""
    settings = Settings(triton_url="nowhere:1")
    async with open_services(settings) as services, _unconnected_store(settings) as store:
        return create_app(services, store).openapi()


@asynccontextmanager
async def _unconnected_store(settings: Settings) -> AsyncIterator[RecordStore]:
    database = Database(NO_DATABASE)
    limits = RateLimits(database)
    async with open_authentication(settings, database, limits, loopback=True) as authentication:
        with TemporaryDirectory(prefix="turnstile-openapi-") as folder:
            blobs, notifications = Blobs(Path(folder)), Notifications(NO_DATABASE)
            url, sealer = SecretStr(NO_DATABASE), Sealer(database)
            yield RecordStore(database, blobs, notifications, authentication, url, sealer, "nowhere", limits)
