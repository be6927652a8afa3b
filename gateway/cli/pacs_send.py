"""`turnstile pacs send`: a sender of its own, or one result to one destination; `turnstile pacs destinations`."""

import asyncio
import getpass
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Final
from uuid import UUID

import typer
from rich.table import Table

from gateway.auth.local_admin import command_line_admin
from gateway.cli.institution_option import InstitutionOption
from gateway.cli.messages import console, errors, run_and_exit
from gateway.cli.records import open_records
from gateway.cli.stop_signal import stop_signal_received
from gateway.composition.record_store import RecordStore
from gateway.composition.sending import sender_of
from gateway.composition.transports import create_transports
from gateway.composition.viewing import create_viewing
from gateway.database.tables import DeliveryRow
from gateway.database.tables.deliveries import DeliveryState
from gateway.pacs.sending.delivery_requests import DeliveryRequests
from gateway.pacs.sending.destinations import Destinations
from gateway.pacs.sending.sender import Sender
from gateway.principal import Principal
from gateway.screening.decode_workers import DecodePool
from gateway.settings.settings import Settings
from gateway.storage.scratch import open_scratch
from gateway.telemetry.logs import configure_logs
from gateway.telemetry.metrics import Metrics

POLL_S: Final = 0.3


def send(
    scan: Annotated[UUID | None, typer.Option(help="The scan whose newest result is sent.")] = None,
    to: Annotated[str | None, typer.Option(help="The name of the destination.")] = None,
    institution: InstitutionOption = None,
) -> None:
    """Send results until Ctrl-C, beside other senders; with --scan and --to one result, also one sent before.

    `turnstile up` and `turnstile worker` send too.
    """
    if (scan is None) != (to is None):
        raise typer.BadParameter("--scan and --to belong together")
    settings = Settings()
    if scan is None or to is None:
        run_and_exit(_send_until_stopped(settings))
    else:
        by = command_line_admin(getpass.getuser(), institution or settings.institution)
        run_and_exit(_send_one(settings, by, scan, to))


def destinations(institution: InstitutionOption = None) -> None:
    """List the destinations of results: what waits, what was sent today, what failed."""
    settings = Settings()
    run_and_exit(_list(settings, command_line_admin(getpass.getuser(), institution or settings.institution)))


async def _send_until_stopped(settings: Settings) -> int:
    configure_logs(settings.log_level)
    if settings.database_url is None:
        raise typer.BadParameter("set TURNSTILE_DATABASE_URL: a separate sender shares the gateway's database")
    async with open_records(settings) as store, _sender(settings, store) as sender, sender.running():
        console.print("sending; Ctrl-C stops", style="green")
        await stop_signal_received()
    errors.print("stopped", style="dim")
    return 0


async def _send_one(settings: Settings, by: Principal, scan: UUID, to: str) -> int:
    configure_logs("error")
    async with open_records(settings) as store, _sender(settings, store) as sender:
        requests = DeliveryRequests(store.database)
        row = await requests.send(by, None, scan, to)
        async with sender.running():
            while not _is_settled(row):
                await asyncio.sleep(POLL_S)
                row = await requests.find(by, row.id)
    counts = f"{row.objects_stored} of {row.objects} objects"
    if row.state in (DeliveryState.SENT, DeliveryState.COMMITTED):
        console.print(f"{row.state}: {counts} in {to}", style="green", highlight=False, markup=False)
        return 0
    errors.print(f"{row.state}: {counts}. {row.error}: {row.detail}", style="red", highlight=False, markup=False)
    if row.state == DeliveryState.WAITING:
        errors.print("The service tries it again.", style="dim")
    return 1


def _is_settled(row: DeliveryRow) -> bool:
    """Whether it was sent, has failed, or waits after an attempt that failed."""
    return row.state not in (DeliveryState.WAITING, DeliveryState.SENDING) or (
        row.state == DeliveryState.WAITING and row.error is not None
    )


@asynccontextmanager
async def _sender(settings: Settings, store: RecordStore) -> AsyncIterator[Sender]:
    """A sender without networks."""
    async with open_scratch(settings.scratch_folder) as scratch:
        decode = DecodePool(settings.decode_workers, settings.decode_timeout_s, settings.decode_memory_bytes)
        try:
            yield sender_of(settings, store, create_viewing(settings, store, decode, scratch), Metrics())
        finally:
            decode.close()


async def _list(settings: Settings, by: Principal) -> int:
    configure_logs("error")
    async with open_records(settings) as store:
        found = await Destinations(store.database, create_transports(settings).has_credential).all(by)
    table = Table("name", "where", "kinds", "waiting", "sent today", "failed", "state", box=None)
    for row, traffic in found:
        where = row.url or f"{row.called_ae}@{row.host}:{row.port}"
        state = "off" if not row.enabled else row.error or "up"
        counts = (str(traffic.waiting + traffic.sending), str(traffic.sent_today), str(traffic.failed))
        table.add_row(row.name, where, " ".join(row.encodings), *counts, state)
    console.print(table, highlight=False, markup=False)
    return 0
