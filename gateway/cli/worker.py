"""`turnstile worker`: analyses from the queue in a process of their own, until Ctrl-C or SIGTERM."""

import asyncio
import signal
from typing import Annotated

import typer

from gateway.cli.command_context import console, errors, ready_services, run_to_exit, warn
from gateway.composition.record_store import open_record_store
from gateway.composition.worker import create_worker
from gateway.settings.settings import Settings
from gateway.telemetry.logs import configure_logs


def worker(
    at_once: Annotated[int | None, typer.Option(min=1, help="Analyses at once; TURNSTILE_WORKERS by default.")] = None,
) -> None:
    """Analyse what the gateway takes in, on the same PostgreSQL and the same store of files.

    TURNSTILE_DATABASE_URL says where the records are. The first SIGTERM or Ctrl-C lets it end what it has in work, or
    hand it back to the others.
    """
    settings = Settings() if at_once is None else Settings(workers=at_once)
    if settings.database_url is None:
        raise typer.BadParameter("set TURNSTILE_DATABASE_URL: a worker of its own shares the gateway's database")
    if not settings.workers:
        raise typer.BadParameter("a worker that runs 0 analyses at once does nothing", param_hint="--at-once")
    run_to_exit(_worker(settings))


async def _worker(settings: Settings) -> int:
    configure_logs(settings.log_level)
    async with open_record_store(settings) as store, ready_services(settings) as services:
        warn(services)
        if settings.worker_metrics_port is not None:
            services.metrics.show(settings.worker_metrics_port)
        async with create_worker(services, store).at_work():
            console.print(f"working, {settings.workers} at once; Ctrl-C stops", style="green")
            await _told_to_stop()
            errors.print("finishing what is in work", style="dim")
    errors.print("stopped", style="dim")
    return 0


async def _told_to_stop() -> None:
    told, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, told.set)
    await told.wait()
