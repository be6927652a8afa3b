"""`Screening` through a gateway elsewhere: what it has no room for waits, what fails on the way is tried again."""

import asyncio
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from gateway.mass_runs.refused_uploads import Refused, failed_report, renamed
from gateway.mass_runs.remote.answers import Answer, Away, Busy, Reports, WrongGateway
from gateway.mass_runs.remote.concurrency_window import Window
from gateway.mass_runs.remote.gateway_client import RemoteGateway
from gateway.mass_runs.run import printable
from screening.errors import EngineError, StudyError

PAUSES_S: Final = (1.0, 2.0, 5.0, 10.0, 20.0, 30.0)  # a gateway that is restarted is back within these
JITTER: Final = 0.5  # of a pause; those who were refused together do not come back together
PASSING: Final = frozenset(kind.code for kind in EngineError.__subclasses__() if kind.transient)


@dataclass
class There:
    """Uploads sent to the gateway, as many at once as `window` lets; `tell` hears in words how it goes."""

    gateway: RemoteGateway
    window: Window
    given_up_at_most: int
    tell: Callable[[str], None]
    _given_up: int = field(default=0, init=False)

    async def reports(self, item: Path) -> Reports:
        """Raises WrongGateway where no other upload would fare better."""
        try:
            answer = await self._patiently(item)
        except StudyError as error:
            answer = Refused(error.code, error.detail)
        if isinstance(answer, Refused):
            return (failed_report(printable(item), answer),)
        return tuple([renamed(report, printable(item)) for report in answer])

    async def _patiently(self, item: Path) -> Reports | Refused:
        pauses = iter(PAUSES_S)
        while True:
            answer = await self._once(item)
            if isinstance(answer, Busy):
                await _pause(answer.retry_after_s)
            elif isinstance(answer, Away):
                pause_s = self._next(pauses, answer.why)
                if pause_s is None:
                    return answer.why
                await _pause(max(pause_s, answer.retry_after_s))
            elif isinstance(answer, Refused) or not _may_pass(answer) or (pause_s := next(pauses, None)) is None:
                return answer
            else:
                await _pause(pause_s)

    async def _once(self, item: Path) -> Answer:
        async with self.window.place() as round_:
            answer = await self.gateway.screened(item)
        if isinstance(answer, Busy):
            self.window.refused(round_)
            self.tell(f"the gateway is busy: {self.window.size} at once")
        elif isinstance(answer, Away):
            self.tell(f"tried again: {answer.why.detail}")
        else:
            self._given_up = 0
            self.window.taken()
            self.tell("")
        return answer

    def _next(self, pauses: Iterator[float], why: Refused) -> float | None:
        """The next pause, None when patience is at its end; raises WrongGateway when nothing gets through any more."""
        pause_s = next(pauses, None)
        if pause_s is None:
            self._given_up += 1
            if self._given_up > self.given_up_at_most:
                raise WrongGateway(f"nothing gets through any more: {why.detail}; the same command goes on later")
        return pause_s


def _may_pass(reports: Reports) -> bool:
    """Whether some study failed for a reason that is the engine's and may pass."""
    return any(report["error"] is not None and report["error"]["code"] in PASSING for report in reports)


async def _pause(seconds: float) -> None:
    await asyncio.sleep(seconds * random.uniform(1, 1 + JITTER))
