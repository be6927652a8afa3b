"""The sender: plans deliveries of new reports, claims those whose turn has come, and runs them, several at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Final, Self

import structlog

from gateway.analyses.store.notifications import Notifications
from gateway.database.connection import Database
from gateway.errors import DatabaseUnavailable
from gateway.pacs.routing.rules import Rules
from gateway.pacs.sending.commitment_reports import CommitmentReports
from gateway.pacs.sending.delivery import Deliveries
from gateway.pacs.sending.planning import plan
from gateway.pacs.sending.store import delivery_leases, waiting
from gateway.pacs.sending.store.delivery_leases import DeliveryLease
from gateway.telemetry.metrics import Metrics

log = structlog.get_logger(__name__)

POLL_S: Final = 3.0  # a notification may get lost, and the end of a pause sends none
PAUSE_S: Final = 0.3  # between rounds: each analysis sends several notifications
RENEWALS_PER_LEASE: Final = 4
RELEASE_TIMEOUT_S: Final = 5.0


@dataclass(frozen=True)
class Sender:
    """Sends to each destination `at_once` results at a time, counted over all processes; with 0 it does nothing."""

    deliveries: Deliveries
    rules: Rules
    notifications: Notifications
    at_once: int
    lease_s: float
    _woken: asyncio.Event = field(default_factory=asyncio.Event)
    _running: "set[asyncio.Task[None]]" = field(default_factory=set)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Self]:
        """Send until the block ends; what is being sent then is cut off and left to another sender, or to the next."""
        if not self.at_once:
            yield self
            return
        rounds = asyncio.create_task(self._run(), name="sender")
        try:
            yield self
        finally:
            rounds.cancel()
            for task in self._running:
                task.cancel()
            await asyncio.gather(rounds, *self._running, return_exceptions=True)

    def wake(self) -> None:
        """Look for work now."""
        self._woken.set()

    @property
    def _database(self) -> Database:
        return self.deliveries.database

    @property
    def _metrics(self) -> Metrics:
        return self.deliveries.metrics

    async def _run(self) -> None:
        with self.notifications.subscribe(None) as changed:
            while True:
                changed.clear()
                self._woken.clear()
                try:
                    await self._round()
                except DatabaseUnavailable:
                    log.info("nothing is sent: the database does not answer")
                except Exception:
                    log.exception("the sender failed and goes on")
                await asyncio.sleep(PAUSE_S)
                await _first_of(changed, self._woken, POLL_S)

    async def _round(self) -> None:
        """Plan all new reports, start all deliveries that are due, and update the gauges."""
        while await self._plan():
            pass
        await CommitmentReports(self._database).give_up_overdue()
        while (lease := await self._claim()) is not None:
            task = asyncio.create_task(self._deliver(lease), name="delivery")
            self._running.add(task)
            task.add_done_callback(self._ended)
        async with self._database.transaction() as session:
            counts = await waiting.counts(session)
        for state, count in counts.by_state.items():
            self._metrics.deliveries.labels(state).set(count)
        self._metrics.delivery_oldest_seconds.set(counts.oldest_s)
        self._metrics.destinations_down.set(counts.destinations_down)

    async def _plan(self) -> bool:
        async with self._database.transaction() as session:
            planned = await plan(session, self.rules)
        if planned and planned[1]:
            log.info("deliveries planned", reports=planned[0], deliveries=planned[1])
        return planned is not None

    async def _claim(self) -> DeliveryLease | None:
        async with self._database.transaction() as session:
            return await delivery_leases.claim(session, self.at_once, self.lease_s)

    async def _deliver(self, lease: DeliveryLease) -> None:
        """Run one attempt while its lease is renewed; a lost lease cancels it."""
        attempt = asyncio.create_task(self.deliveries.run(lease))
        renewals = asyncio.create_task(self._renew(lease))
        try:
            await asyncio.wait({attempt, renewals}, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            await _cancel_all(attempt, renewals)
            await self._release(lease)
            raise
        await _cancel_all(attempt, renewals)

    async def _renew(self, lease: DeliveryLease) -> None:
        """Renew the lease until it is lost."""
        while True:
            await asyncio.sleep(self.lease_s / RENEWALS_PER_LEASE)
            with suppress(DatabaseUnavailable):
                async with self._database.transaction() as session:
                    if not await delivery_leases.renew(session, lease, self.lease_s):
                        return

    async def _release(self, lease: DeliveryLease) -> None:
        try:
            async with asyncio.timeout(RELEASE_TIMEOUT_S):
                await self.deliveries.release(lease)
        except (TimeoutError, DatabaseUnavailable):
            log.warning("lease not released; it expires and another sender claims the delivery")

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._running.discard(task)
        self._woken.set()


async def _first_of(one: asyncio.Event, other: asyncio.Event, patience_s: float) -> None:
    """Wait until one of the events is set, at most so long."""
    waits = [asyncio.create_task(event.wait()) for event in (one, other)]
    try:
        await asyncio.wait(waits, timeout=patience_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await _cancel_all(*waits)


async def _cancel_all(*tasks: "asyncio.Task[None] | asyncio.Task[bool]") -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
