"""Support for tests of the API: gateways without Triton, tokens, and error bodies."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr

from gateway.auth.api_tokens import NewToken
from gateway.auth.local_admin import command_line_admin
from gateway.auth.token_administration import TokenAdministration
from gateway.database.connection import Database
from gateway.permissions import GRANTS, Role, Scope
from tests.integration.gateway.running_gateway import RunningGateway, running_gateway

UNREACHABLE = "127.0.0.1:9"  # the discard port: these tests need no Triton
INSTITUTION = "st-anna"


@contextmanager
def gateway_without_networks(folder: Path, database_url: str, **settings: Any) -> Iterator[RunningGateway]:
    """A gateway whose Triton is unreachable, and which lets a test list as often as it polls."""
    scratch = folder / "scratch"
    scratch.mkdir()
    defaults: dict[str, Any] = {
        "triton_url": UNREACHABLE,
        "database_url": SecretStr(database_url),
        "institution": INSTITUTION,
        "workers": 0,
        "list_rate": "100000 per minute",
    }
    with running_gateway(scratch, **defaults | settings) as running:
        yield running


def make_token(
    database_url: str,
    role: Role,
    institution: str = INSTITUTION,
    scopes: frozenset[Scope] | None = None,
    expires_at: datetime | None = None,
) -> str:
    """The text of a new token, as `turnstile token create` creates it."""

    async def create() -> str:
        database = Database(database_url)
        try:
            new = NewToken("a test's token", role, institution, scopes or GRANTS[role], "cli:test", expires_at)
            return (await TokenAdministration(database).create(command_line_admin("test", institution), new, None))[1]
        finally:
            await database.close()

    return asyncio.run(create())


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def problem(answer: httpx.Response) -> tuple[int, str]:
    """Status and error code of a refusal, after a check of its shape."""
    body = answer.json()
    assert set(body) == {"error", "detail", "request_id"}, body
    return answer.status_code, body["error"]
