"""The durable job queue: a job is enqueued in the transaction that makes an analysis queued.

A job only says that there is work; the worker that gets it claims the analysis whose turn is next (`fair_order`). So a
surplus job does nothing, and the sweep enqueues missing ones. The analysis that a job names, and its priority, are read
by workers of an older release, while both run.
"""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from procrastinate import PsycopgConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.manager import JobManager
from procrastinate.tasks import configure_task
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.errors import DatabaseUnavailable

TASK: Final = "analyse"
QUEUE: Final = "analyses"
URGENT_FIRST: Final = 10  # procrastinate fetches the highest priority first, and of equal ones the oldest

_jobs = JobManager(PsycopgConnector())  # never opened: it writes on the connection of the caller's session


async def enqueue(session: AsyncSession, analysis_id: UUID, *, urgent: bool, at: datetime | None = None) -> None:
    """Enqueue a job, to run at once or no sooner than `at`, once this transaction is committed."""
    job = configure_task(
        name=TASK,
        job_manager=_jobs,
        queue=QUEUE,
        priority=URGENT_FIRST if urgent else 0,
        schedule_at=at,
        connection=await _driver_connection(session),
    )
    try:
        await job.defer_async(analysis_id=str(analysis_id))
    except ConnectorException as error:
        raise DatabaseUnavailable("the database does not answer") from error


async def queued_without_job(session: AsyncSession) -> list[tuple[UUID, bool]]:
    """As many queued analyses (id, urgent) as jobs are missing: more may run now than there are jobs to run now."""
    found = await session.execute(
        text(
            "SELECT id, urgent FROM analyses WHERE state IN ('queued')"
            " AND (paused_until IS NULL OR paused_until <= now()) ORDER BY urgent DESC, queued_at OFFSET ("
            " SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo' AND queue_name = :queue"
            " AND (scheduled_at IS NULL OR scheduled_at <= now()))"
        ),
        {"queue": QUEUE},
    )
    return [(row.id, row.urgent) for row in found]


async def delete_lost_workers(session: AsyncSession, silent_s: float) -> None:
    """Delete workers without a heartbeat for `silent_s` from the queue, and the jobs that they had fetched."""
    heard = "greatest(last_heartbeat, pg_postmaster_start_time())"  # no heartbeat arrives while PostgreSQL is down
    dead = f"DELETE FROM procrastinate_workers WHERE {heard} < now() - make_interval(secs => :silent_s)"  # noqa: S608 - constants
    await session.execute(text(dead), {"silent_s": silent_s})
    await session.execute(text("DELETE FROM procrastinate_jobs WHERE status = 'doing' AND worker_id IS NULL"))


async def _driver_connection(session: AsyncSession) -> Any:
    """psycopg's connection of this session: statements on it belong to the session's transaction."""
    return (await (await session.connection()).get_raw_connection()).driver_connection
