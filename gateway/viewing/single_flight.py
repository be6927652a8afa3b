"""Single flight: concurrent calls with the same key share one run and its result."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass
class _Flight(Generic[T]):
    task: asyncio.Task[T]
    waiting: int = 0


class SingleFlight(Generic[T]):
    """Runs in progress, by key. A run whose callers are all cancelled is cancelled."""

    def __init__(self) -> None:
        self._flights: dict[str, _Flight[T]] = {}

    async def run(self, key: str, work: Callable[[], Awaitable[T]]) -> T:
        """The result of `work`, or of the run in progress under this key; all its callers get its result or error."""
        flight = self._flights.get(key) or self._begin(key, work)
        flight.waiting += 1
        try:
            return await asyncio.shield(flight.task)
        finally:
            flight.waiting -= 1
            if not flight.waiting:
                self._flights.pop(key, None)
                flight.task.cancel()

    def _begin(self, key: str, work: Callable[[], Awaitable[T]]) -> _Flight[T]:
        async def run_work() -> T:
            return await work()

        flight = self._flights[key] = _Flight(asyncio.create_task(run_work()))
        return flight
