"""`turnstile worker`: a process that runs analyses from the queue, until Ctrl-C or SIGTERM."""

from typing import Annotated

import typer

from gateway.cli.messages import console, errors, log_what_is_said, run_and_exit
from gateway.cli.services import print_warnings, ready_services
from gateway.cli.stop_signal import stop_signal_received
from gateway.composition.dicom_index import running_index
from gateway.composition.pacs import completing_studies, fetching_priors
from gateway.composition.record_store import open_record_store
from gateway.composition.sending import create_sender
from gateway.composition.worker import create_worker
from gateway.settings.settings import Settings
from gateway.telemetry.logs import configure_logs


def worker(
    at_once: Annotated[int | None, typer.Option(min=1, help="Analyses at once; TURNSTILE_WORKERS by default.")] = None,
) -> None:
    """Run the analyses of the gateway's queue, with the same PostgreSQL and the same file storage.

    Needs TURNSTILE_DATABASE_URL. On the first SIGTERM or Ctrl-C it finishes its analyses, or releases them to other
    workers.
    """
    settings = Settings() if at_once is None else Settings(workers=at_once)
    if settings.database_url is None:
        raise typer.BadParameter("set TURNSTILE_DATABASE_URL: a separate worker shares the gateway's database")
    if not settings.workers:
        raise typer.BadParameter("a worker that runs 0 analyses at once does nothing", param_hint="--at-once")
    run_and_exit(_worker(settings))


async def _worker(settings: Settings) -> int:
    configure_logs(settings.log_level)
    if settings.log_everything:
        log_what_is_said()
    async with open_record_store(settings) as store, ready_services(settings) as services:
        print_warnings(services)
        if settings.worker_metrics_port is not None:
            services.metrics.serve_on(settings.worker_metrics_port)
        async with (
            create_worker(services, store).running(),
            create_sender(services, store).running(),
            completing_studies(settings, store, services.receiving),
            running_index(services, store),
            fetching_priors(settings, store, services.scratch),
        ):
            console.print(f"working, {settings.workers} at once; Ctrl-C stops", style="green")
            await stop_signal_received()
            errors.print("finishing the running analyses", style="dim")
    errors.print("stopped", style="dim")
    return 0
