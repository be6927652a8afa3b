"""Concurrency limits: exports, streams of one scan, and uploads at once, of one principal and of all.

    @router.get("/export", dependencies=[EXPORT_LIMIT])

A call above the limit answers 429 `too_many_requests` before its work begins. A place is free again when the answer has
been sent or its client is gone. Each gateway process counts for itself.
"""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from fastapi import Depends, Request

from gateway.errors import TooManyRequests
from gateway.http.authorization import CurrentPrincipal
from gateway.principal import Principal

RETRY_AFTER_S: Final = 10  # an export of 100,000 events takes about as long


@dataclass
class ConcurrencyLimit:
    """At most `per_principal` answers of one principal and `total` of all at once; `what` names them in a refusal."""

    what: str
    per_principal: int
    total: int
    _held: Counter[str] = field(default_factory=Counter)

    @contextmanager
    def hold(self, principal: Principal) -> Iterator[None]:
        """Hold a place until the block ends; raises TooManyRequests."""
        if self._held[principal.key] >= self.per_principal:
            raise self._refusal(f"{self.per_principal} {self.what} of this login are being sent already")
        if self._held.total() >= self.total:
            raise self._refusal(f"{self.total} {self.what} are being sent already")
        self._held[principal.key] += 1
        try:
            yield
        finally:
            self._held[principal.key] -= 1
            self._held += Counter()  # forgets who holds none

    def _refusal(self, reason: str) -> TooManyRequests:
        return TooManyRequests(f"{reason}; wait for one to end", {"Retry-After": str(RETRY_AFTER_S)})


@dataclass(frozen=True)
class ConcurrencyLimits:
    """The limits of one application, in its state as `concurrency_limits`."""

    exports: ConcurrencyLimit
    streams: ConcurrencyLimit
    uploads: ConcurrencyLimit


def limits_of(request: Request) -> ConcurrencyLimits:
    """The limits of this application."""
    limits: ConcurrencyLimits = request.app.state.concurrency_limits
    return limits


def _concurrency_limit(limit_in: Callable[[ConcurrencyLimits], ConcurrencyLimit]) -> Any:
    """A dependency that holds a place of this limit; raises TooManyRequests."""

    async def hold(request: Request, principal: CurrentPrincipal) -> AsyncIterator[None]:
        with limit_in(limits_of(request)).hold(principal):
            yield  # FastAPI goes on here when the answer has been sent

    return Depends(hold)


EXPORT_LIMIT: Final = _concurrency_limit(lambda limits: limits.exports)
STREAM_LIMIT: Final = _concurrency_limit(lambda limits: limits.streams)
UPLOAD_LIMIT: Final = _concurrency_limit(lambda limits: limits.uploads)
