"""The worker: analyses from the queue, so many at once, until it is told to stop; and what dead workers left behind.

procrastinate fetches the jobs: urgent ones first, woken by PostgreSQL as soon as one is there. It stops when its
connection breaks, and is then started again.
"""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Final, Self
from uuid import UUID, uuid4

import psycopg
import structlog
from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import ConnectorException

from gateway.analyses.attempt import Attempts
from gateway.analyses.job_leases import Turns
from gateway.analyses.store.job_queue import QUEUE, TASK
from gateway.database.connection import libpq_url
from gateway.errors import DatabaseAway
from gateway.records.cleanup import tidy_for_ever

log = structlog.get_logger(__name__)

BEATS: Final = 4  # within the time after which a silent worker is taken for dead
POLL_S: Final = 5.0  # news of a job may get lost with its connection
AWAY_PAUSE_S: Final = 1.0
CONNECTIONS: Final = 3  # one listens; fetching, finishing and heartbeats share the others


def worker_name() -> str:
    """Names this process among all workers, for the table of attempts."""
    return f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:8]}"


@dataclass(frozen=True)
class Worker:
    """Runs `at_once` analyses at a time; stopping waits `drain_s` for them and then hands them back.

    With 0 at once it only sweeps and tidies up.
    """

    url: str
    attempts: Attempts
    at_once: int
    takeover_s: float
    drain_s: float
    _running: set["asyncio.Task[None]"] = field(default_factory=set)

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[Self]:
        """Work for the block's time, or until `drain`; at its end nothing of the worker's is under way any more."""
        work = asyncio.create_task(self._run(), name="worker")
        self._running.add(work)
        try:
            yield self
        finally:
            self.drain()
            await asyncio.gather(work, return_exceptions=True)

    def drain(self) -> None:
        """Begin nothing more; what is under way ends, or is handed back."""
        for work in self._running:
            work.cancel()
        self._running.clear()  # a second cancellation would cut the draining short

    async def _run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._sweep_for_ever(), name="sweep")
            group.create_task(tidy_for_ever(self.attempts.turns.database, self.attempts.blobs), name="tidy")
            if self.at_once:
                group.create_task(self._serve_for_ever(), name="serve")

    async def _serve_for_ever(self) -> None:
        while True:
            try:
                await self._serve()
            except (ConnectorException, psycopg.Error) as error:
                log.warning("the queue is away", kind=type(error).__name__)
            except Exception:
                log.exception("the worker failed and begins again")
            await asyncio.sleep(AWAY_PAUSE_S)

    async def _serve(self) -> None:
        """Work while the queue is there."""
        app = self._app()
        async with app.open_async():
            await app.run_worker_async(
                queues=[QUEUE],
                name=self.attempts.turns.worker,
                concurrency=self.at_once,
                fetch_job_polling_interval=POLL_S,
                shutdown_graceful_timeout=self.drain_s,
                delete_jobs="always",  # the analysis is the record; a job is only a word to a worker
                install_signal_handlers=False,
                update_heartbeat_interval=self.takeover_s / BEATS,
                stalled_worker_timeout=self.takeover_s,
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
        async def analyse(analysis_id: str) -> None:
            with suppress(DatabaseAway):  # nothing has begun: the sweep puts it in again
                await self.attempts.at(UUID(analysis_id))

        return app

    async def _sweep_for_ever(self) -> None:
        while True:
            try:
                await sweep(self.attempts.turns, self.takeover_s)
            except DatabaseAway:
                log.info("not swept: the database is away")
            except Exception:
                log.exception("the sweep failed")
            await asyncio.sleep(self.takeover_s / BEATS)


async def sweep(turns: Turns, silent_s: float) -> None:
    """Take over what dead workers held, find what was forgotten, and count what waits."""
    for turn, cancelled in await turns.abandoned(silent_s):
        await turns.take_over(turn, cancelled)
    await turns.requeue_forgotten(silent_s)
    await turns.measure()
