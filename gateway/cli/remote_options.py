"""The options of `turnstile screen --url`: the remote gateway, the API token, the number of connections."""

import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final, Self
from urllib.parse import urlsplit

import typer
from pydantic import SecretStr

from gateway.cli.messages import errors
from gateway.mass_runs.remote.concurrency_window import ConcurrencyWindow
from gateway.mass_runs.remote.gateway_client import RemoteGateway
from gateway.mass_runs.remote.remote_screening import RemoteScreening
from gateway.mass_runs.run import Screening
from gateway.settings.auth import https_or_loopback
from screening.results.report import Notice

DEFAULT_CONNECTIONS: Final = 8  # a gateway of eight cores; a smaller one refuses, and the concurrency window shrinks
TOKEN: Final = "TURNSTILE_TOKEN"  # noqa: S105 - a variable's name


@dataclass(frozen=True)
class RemoteOptions:
    """Screening through the gateway at `url`."""

    url: str
    token: SecretStr | None
    connections: int

    @classmethod
    def validated(cls, url: str, connections: int, *, insecure: bool) -> Self:
        """With the token of TURNSTILE_TOKEN; raises BadParameter for an invalid address."""
        if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
            raise typer.BadParameter("give the gateway's address: https://...", param_hint="--url")
        try:
            url = url if insecure else https_or_loopback(url)
        except ValueError as error:
            raise typer.BadParameter(f"{error}, or --insecure", param_hint="--url") from error
        token = os.environ.get(TOKEN)
        return cls(url, SecretStr(token) if token else None, connections)

    @asynccontextmanager
    async def open_screening(self, on_status: Callable[[str], None]) -> AsyncIterator[tuple[Screening, int]]:
        """Check that this token may screen there; give the screening and the number of uploads at once."""
        async with RemoteGateway.connect(self.url, self.token, self.connections) as gateway:
            card = await gateway.card()
            errors.print(f"using the gateway at {self.url}, weights {card['version']}", style="dim", highlight=False)
            errors.print(Notice.NO_MEDICAL_DEVICE.value, style="dim")
            if not card["trained"]:
                errors.print(Notice.UNTRAINED.value, style="bold red")
            yield (
                RemoteScreening(gateway, ConcurrencyWindow(self.connections), self.connections, on_status),
                self.connections,
            )
