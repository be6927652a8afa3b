"""The one call that puts an analysis into the durable queue, inside the transaction that makes it wait.

A job only says "look at this analysis": whether there is something to do is decided by the analysis's own state. So
a job too many does nothing, and one that went missing is put in again by the sweep.
"""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from procrastinate import PsycopgConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.manager import JobManager
from procrastinate.tasks import configure_task
from procrastinate.utils import utcnow
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.errors import DatabaseAway

TASK: Final = "analyse"
QUEUE: Final = "analyses"
URGENT_FIRST: Final = 10  # procrastinate fetches the highest priority first, and of equal ones the oldest

_jobs = JobManager(PsycopgConnector())  # never opened: it writes on the connections that it is given


async def enqueue(session: AsyncSession, analysis_id: UUID, *, urgent: bool, pause_s: float = 0.0) -> None:
    """Have a worker look at the analysis, not before `pause_s` has passed, once this transaction is committed."""
    job = configure_task(
        name=TASK,
        job_manager=_jobs,
        queue=QUEUE,
        priority=URGENT_FIRST if urgent else 0,
        schedule_at=utcnow() + timedelta(seconds=pause_s) if pause_s else None,
        connection=await _driver_connection(session),
    )
    try:
        await job.defer_async(analysis_id=str(analysis_id))
    except ConnectorException as error:
        raise DatabaseAway("the database does not answer") from error


async def without_job(session: AsyncSession) -> list[tuple[UUID, bool]]:
    """Analyses that wait (id, urgent) and that no job will ever look at."""
    found = await session.execute(
        text(
            "SELECT id, urgent FROM analyses WHERE state = 'queued' AND NOT EXISTS ("
            " SELECT FROM procrastinate_jobs WHERE status = 'todo' AND args ->> 'analysis_id' = analyses.id::text)"
        )
    )
    return [(row.id, row.urgent) for row in found]


async def forget_dead(session: AsyncSession, silent_s: float) -> None:
    """Delete what the queue still knows of workers that were silent for so long, and the jobs that they had fetched."""
    heard = "greatest(last_heartbeat, pg_postmaster_start_time())"  # nobody could speak while PostgreSQL was away
    dead = f"DELETE FROM procrastinate_workers WHERE {heard} < now() - make_interval(secs => :silent_s)"  # noqa: S608 - constants
    await session.execute(text(dead), {"silent_s": silent_s})
    await session.execute(text("DELETE FROM procrastinate_jobs WHERE status = 'doing' AND worker_id IS NULL"))


async def _driver_connection(session: AsyncSession) -> Any:
    """psycopg's connection under this session: what runs on it belongs to the session's transaction."""
    return (await (await session.connection()).get_raw_connection()).driver_connection
