"""`turnstile pacs listen`: the DICOM listener in a process of its own, until Ctrl-C or SIGTERM."""

import asyncio
from typing import Annotated, Any

import typer

from gateway.cli.messages import console, errors, log_what_is_said, run_and_exit
from gateway.cli.records import with_running_database
from gateway.cli.stop_signal import stop_signal_received
from gateway.composition.pacs import completing_studies, create_receiver, disk_reserve, listening
from gateway.composition.record_store import open_record_store
from gateway.pacs.receiving.metrics import ReceivingMetrics
from gateway.pacs.receiving.readiness import Readiness
from gateway.settings.settings import Settings
from gateway.storage.scratch import open_scratch
from gateway.telemetry.logs import configure_logs
from gateway.telemetry.metrics import Metrics


def listen(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 picks a free one.")] = None,
) -> None:
    """Receive studies by C-STORE until Ctrl-C or SIGTERM; complete ones become scans in the gateway's queue.

    It shares PostgreSQL and the file storage with the gateway: those of TURNSTILE_DATABASE_URL and TURNSTILE_BLOB_URL,
    else those of a running `turnstile up`. Several listeners may share them.
    """
    given: dict[str, Any] = {"pacs_host": host, "pacs_port": port}
    run_and_exit(_listen(Settings(**{name: value for name, value in given.items() if value is not None})))


async def _listen(settings: Settings) -> int:
    configure_logs(settings.log_level)
    if settings.log_everything:
        log_what_is_said()
    metrics = Metrics()
    receiving = ReceivingMetrics(metrics.registry)
    settings = with_running_database(settings)
    async with open_record_store(settings) as store, open_scratch(settings.scratch_folder) as scratch:
        receiver = create_receiver(settings, store, disk_reserve(settings, scratch), receiving)
        async with (
            completing_studies(settings, store, receiving),
            listening(settings, receiver, scratch) as listener,
        ):
            if settings.pacs_metrics_port is not None:
                readiness = Readiness(asyncio.get_running_loop(), store.database, listener.accepts)
                metrics.serve_on(settings.pacs_metrics_port, readiness.why_not)
            console.print(f"listening as {settings.pacs_ae_title} on {listener.host}:{listener.port}; Ctrl-C stops")
            await stop_signal_received()
    errors.print("stopped", style="dim")
    return 0
