"""Settings of the HTTP server: connections, and how slow an upload may be."""

from typing import Annotated

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt
from pydantic_settings import BaseSettings

from gateway.settings.environment import FROM_ENVIRONMENT


class HttpSettings(BaseSettings):
    """What one client may hold, and how slowly it may send; `Settings` includes it."""

    model_config = FROM_ENVIRONMENT

    connections: Annotated[int, Field(ge=64)] = 2048
    """Most open connections. Above it the connection that has waited longest for a request is closed for a new one."""
    connections_per_address: PositiveInt = 1024
    """Most open connections of one address (of one /64 network for IPv6); `trusted_proxies` are exempt."""
    upload_idle_s: PositiveFloat = 30.0
    """Seconds without a byte after which the body of a request is given up: 408 `request_timeout`."""
    upload_bytes_per_s: NonNegativeInt = 8192
    """Least bytes a second that a body must bring on average, counted from `upload_idle_s` on; 0 for no such limit."""
    uploads_per_principal: PositiveInt = 128
    """Uploads of one principal that this process receives and answers at once; a further one is refused with 429."""
    uploads_at_once: PositiveInt = 512
    """Uploads of all principals that this process receives and answers at once; a further one is refused with 429."""
