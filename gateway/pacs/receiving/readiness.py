"""Whether a listener can take and store instances now: `GET /readyz` beside the metrics of `turnstile pacs listen`."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from gateway.database.connection import Database

ANSWER_S: Final = 4.0  # more than the database gets, less than a probe waits


@dataclass(frozen=True)
class Readiness:
    """Asked by threads other than that of `loop`, on which the instances are stored."""

    loop: asyncio.AbstractEventLoop
    database: Database
    accepts: Callable[[], bool]  # associations

    def why_not(self) -> str | None:
        """None when associations are accepted and the database answers, else the reason."""
        if not self.accepts():
            return "no DICOM associations are accepted"
        asking = asyncio.run_coroutine_threadsafe(self.database.why_not_ready(), self.loop)
        try:
            return asking.result(ANSWER_S)
        except TimeoutError:
            asking.cancel()
            return "the process that stores instances does not answer"
