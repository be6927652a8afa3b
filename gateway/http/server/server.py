"""The HTTP server: uvicorn with bounded connections, which stops within `DRAIN_S`."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Final

import uvicorn
from fastapi import FastAPI

from gateway.http.server.connection_table import ConnectionTable
from gateway.http.server.limits import ConnectionLimits
from gateway.http.server.protocol import BoundedProtocol
from gateway.http.trusted_proxies import TrustedProxies
from gateway.settings.settings import Settings
from gateway.telemetry.metrics import Metrics

DRAIN_S: Final = 20
"""For requests in progress after SIGTERM. With what follows (Triton, PostgreSQL) the process ends within 35 s."""
KEEP_ALIVE_S: Final = 5


class Server(uvicorn.Server):
    """Uvicorn raises a caught signal again at its end, which would kill this process before Triton is stopped."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def shutdown(self, sockets: Any = None) -> None:
        """Accept no more, end the bodies that do not arrive, and wait for the requests in progress."""
        self.config.app.state.body_timeouts.stop(DRAIN_S)  # type: ignore[union-attr]
        await super().shutdown(sockets)


def create_server(app: FastAPI, settings: Settings, metrics: Metrics, limits: ConnectionLimits | None = None) -> Server:
    """A server of the application; its limits are those of the settings and of the files that this process may open."""
    limits = limits or ConnectionLimits.of(settings, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    table = ConnectionTable(limits.connections, limits.connections_per_address)
    metrics.connections.set_function(lambda: len(table))
    protocol: Any = partial(  # uvicorn calls it, and its type asks for a class
        BoundedProtocol,
        limits=limits,
        table=table,
        proxies=TrustedProxies(settings.trusted_proxies),
        metrics=metrics,
        send_timeout_s=settings.send_timeout_s,
    )
    return Server(
        uvicorn.Config(
            app,
            http=protocol,
            ws="none",
            lifespan="off",
            log_config=None,
            server_header=False,
            proxy_headers=False,  # the gateway trusts the proxies of its settings, not every loopback address
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=DRAIN_S + 2,  # the bodies that were ended have their answers by then
        )
    )
