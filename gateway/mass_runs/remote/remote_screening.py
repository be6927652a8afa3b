"""`Screening` through a remote gateway: waits while it is busy, retries while it is unavailable."""

import asyncio
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from gateway.mass_runs.refused_uploads import RefusedUpload, failed_report, with_upload_name
from gateway.mass_runs.remote.answers import Busy, Outcome, Reports, Unavailable, UnusableGateway
from gateway.mass_runs.remote.concurrency_window import ConcurrencyWindow
from gateway.mass_runs.remote.gateway_client import RemoteGateway
from gateway.mass_runs.run import escaped_path
from screening.errors import EngineError, StudyError

RETRY_DELAYS_S: Final = (1.0, 2.0, 5.0, 10.0, 20.0, 30.0)  # a gateway that restarts outcomes again within these
JITTER: Final = 0.5  # of a delay, so that uploads that were refused together do not retry together
TRANSIENT_CODES: Final = frozenset(kind.code for kind in EngineError.__subclasses__() if kind.transient)


@dataclass
class RemoteScreening:
    """Sends uploads to the gateway, as many at once as `window` allows; `on_status` gets status texts."""

    gateway: RemoteGateway
    window: ConcurrencyWindow
    max_given_up: int
    on_status: Callable[[str], None]
    _given_up: int = field(default=0, init=False)

    async def reports(self, item: Path) -> Reports:
        """The reports of the upload; raises UnusableGateway when no other upload can succeed."""
        try:
            outcome = await self._with_retries(item)
        except StudyError as error:
            outcome = RefusedUpload(error.code, error.detail)
        if isinstance(outcome, RefusedUpload):
            return (failed_report(escaped_path(item), outcome),)
        return tuple([with_upload_name(report, escaped_path(item)) for report in outcome])

    async def _with_retries(self, item: Path) -> Reports | RefusedUpload:
        delays = iter(RETRY_DELAYS_S)
        while True:
            outcome = await self._attempt(item)
            if isinstance(outcome, Busy):
                await _sleep_with_jitter(outcome.retry_after_s)
            elif isinstance(outcome, Unavailable):
                delay_s = self._next_delay_s(delays, outcome.reason)
                if delay_s is None:
                    return outcome.reason
                await _sleep_with_jitter(max(delay_s, outcome.retry_after_s))
            else:
                delay_s = next(delays, None) if _is_transient(outcome) else None
                if delay_s is None:
                    return outcome
                await _sleep_with_jitter(delay_s)

    async def _attempt(self, item: Path) -> Outcome:
        async with self.window.slot() as round_:
            outcome = await self.gateway.screen(item)
        if isinstance(outcome, Busy):
            self.window.refused(round_)
            self.on_status(f"the gateway is busy: {self.window.size} at once")
        elif isinstance(outcome, Unavailable):
            self.on_status(f"retrying: {outcome.reason.detail}")
        else:
            self._given_up = 0
            self.window.accepted()
            self.on_status("")
        return outcome

    def _next_delay_s(self, delays: Iterator[float], reason: RefusedUpload) -> float | None:
        """The next delay, None after the last; raises UnusableGateway when too many uploads in a row were given up."""
        delay_s = next(delays, None)
        if delay_s is None:
            self._given_up += 1
            if self._given_up > self.max_given_up:
                raise UnusableGateway(f"no upload succeeds any more: {reason.detail}; start the command again later")
        return delay_s


def _is_transient(outcome: Reports | RefusedUpload) -> bool:
    """Whether a study failed with a transient error of the engine."""
    if isinstance(outcome, RefusedUpload):
        return False
    return any(report["error"] is not None and report["error"]["code"] in TRANSIENT_CODES for report in outcome)


async def _sleep_with_jitter(seconds: float) -> None:
    await asyncio.sleep(seconds * random.uniform(1, 1 + JITTER))
