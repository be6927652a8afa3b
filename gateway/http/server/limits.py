"""The limits of connections and request heads."""

from dataclasses import dataclass
from typing import Final, Self

import structlog

from gateway.settings.http import HttpSettings

RESERVED_FILES: Final = 256  # descriptors for the database, the blobs, the decode workers, Triton, the log

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class ConnectionLimits:
    """How many connections, how large a request head, and how long each part of a request may take, in seconds."""

    connections: int
    connections_per_address: int
    head_bytes: int = 64 * 2**10
    head_fields: int = 256
    pipelined: int = 16
    first_byte_s: float = 10.0
    head_s: float = 30.0
    rest_s: float = 30.0
    """For the rest of a body whose answer was sent early."""
    linger_s: float = 2.0
    """For a refused client to stop sending: a close with unread bytes resets the connection, and the answer is lost."""

    @classmethod
    def of(cls, settings: HttpSettings, open_files: int) -> Self:
        """The limits of the settings; fewer connections where the process may not open that many files."""
        connections = min(settings.connections, max(64, open_files - RESERVED_FILES))
        if connections < settings.connections:
            log.warning("fewer connections than set", connections=connections, open_files=open_files)
        return cls(connections, min(settings.connections_per_address, connections))
