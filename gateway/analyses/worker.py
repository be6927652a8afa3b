"""The worker: runs analyses from the queue, several at once, and sweeps the expired leases of lost workers.

procrastinate fetches the jobs, notified by PostgreSQL; each permits to claim the analysis whose turn is next. It stops
when its connection breaks and is then started again.
"""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Final, Self
from uuid import uuid4

import psycopg
import structlog
from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import ConnectorException

from gateway.analyses.attempt import Attempts
from gateway.analyses.job_leases import JobLeases
from gateway.analyses.store.job_queue import QUEUE, TASK
from gateway.database.connection import libpq_url
from gateway.errors import DatabaseUnavailable
from gateway.records.cleanup import clean_up_periodically

log = structlog.get_logger(__name__)

HEARTBEATS_PER_LEASE_TIMEOUT: Final = 4  # so many heartbeats may be missed before the lease expires
POLL_S: Final = 5.0  # a notification of a job may get lost with its connection
DATABASE_RETRY_S: Final = 1.0
CONNECTIONS: Final = 3  # one listens; fetches, job updates and heartbeats share the others


def worker_name() -> str:
    """A unique name of this process, for the table of attempts."""
    return f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:8]}"


@dataclass(frozen=True)
class Worker:
    """Runs `at_once` analyses at a time; a stop waits `drain_s` for them and then releases them.

    With 0 at once it only sweeps and cleans up.
    """

    url: str
    attempts: Attempts
    at_once: int
    lease_timeout_s: float
    drain_s: float
    _running: set["asyncio.Task[None]"] = field(default_factory=set)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Self]:
        """Work until the block ends or `drain` is called; after the block no task of the worker runs any more."""
        work = asyncio.create_task(self._run(), name="worker")
        self._running.add(work)
        try:
            yield self
        finally:
            self.drain()
            await asyncio.gather(work, return_exceptions=True)

    def drain(self) -> None:
        """Start no more analyses; the running ones end or are released."""
        for work in self._running:
            work.cancel()
        self._running.clear()  # a second cancellation would cut the draining short

    async def _run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._sweep_forever(), name="sweep")
            group.create_task(clean_up_periodically(self.attempts.leases.database, self.attempts.blobs), name="tidy")
            if self.at_once:
                group.create_task(self._run_jobs_forever(), name="serve")

    async def _run_jobs_forever(self) -> None:
        while True:
            try:
                await self._run_jobs()
            except (ConnectorException, psycopg.Error) as error:
                log.warning("the queue does not answer", kind=type(error).__name__)
            except Exception:
                log.exception("the worker failed and starts again")
            await asyncio.sleep(DATABASE_RETRY_S)

    async def _run_jobs(self) -> None:
        """Run jobs until the connection breaks."""
        app = self._app()
        async with app.open_async():
            await app.run_worker_async(
                queues=[QUEUE],
                name=self.attempts.leases.worker,
                concurrency=self.at_once,
                fetch_job_polling_interval=POLL_S,
                shutdown_graceful_timeout=self.drain_s,
                delete_jobs="always",  # the analysis is the record; a job only points to it
                install_signal_handlers=False,
                update_heartbeat_interval=self.lease_timeout_s / HEARTBEATS_PER_LEASE_TIMEOUT,
                stalled_worker_timeout=self.lease_timeout_s,
            )

    def _app(self) -> App:
        connector = PsycopgConnector(
            conninfo=libpq_url(self.url),
            min_size=1,
            max_size=CONNECTIONS,
            kwargs={"application_name": "turnstile worker"},
        )
        app = App(connector=connector)

        @app.task(name=TASK, queue=QUEUE)
        async def analyse(analysis_id: str) -> None:  # noqa: ARG001 - read by workers of an older release
            with suppress(DatabaseUnavailable):  # no lease was claimed: the sweep enqueues a job again
                await self.attempts.run()

        return app

    async def _sweep_forever(self) -> None:
        while True:
            try:
                await sweep(self.attempts.leases, self.lease_timeout_s)
            except DatabaseUnavailable:
                log.info("not swept: the database does not answer")
            except Exception:
                log.exception("the sweep failed")
            await asyncio.sleep(self.lease_timeout_s / HEARTBEATS_PER_LEASE_TIMEOUT)


async def sweep(leases: JobLeases, silent_s: float) -> None:
    """End expired leases, enqueue missing jobs, and update the gauges."""
    for lease, cancelled in await leases.expired(silent_s):
        await leases.end_expired(lease, cancelled)
    await leases.requeue_missing_jobs(silent_s)
    await leases.delete_old_turns()
    await leases.update_metrics()
