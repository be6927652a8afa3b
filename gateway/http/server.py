"""How uvicorn serves the application: one place for the service and for the tests that start one."""

from typing import Any, Final

import uvicorn
from fastapi import FastAPI

from gateway.http.send_timeout import protocol_with_send_timeout
from gateway.settings.settings import Settings

DRAIN_S: Final = 30  # calls that run when the service is stopped


def server_config(app: FastAPI, settings: Settings, **options: Any) -> uvicorn.Config:
    """The configuration of uvicorn; `options` replace ours."""
    ours: dict[str, Any] = {
        "http": protocol_with_send_timeout(settings.send_timeout_s),
        "log_config": None,
        "lifespan": "off",
        "server_header": False,
        "proxy_headers": False,  # the gateway trusts the proxies of its settings, not every loopback address
        "timeout_graceful_shutdown": DRAIN_S,
    }
    return uvicorn.Config(app, **ours | options)
