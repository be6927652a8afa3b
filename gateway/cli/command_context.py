"""What the commands share: services that are ready, the record store, and error messages."""

import asyncio
import signal
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

import typer
from pydantic import SecretStr, ValidationError
from rich.console import Console

from engines.errors import EngineError
from engines.repository_snapshot import keep_snapshot
from gateway.auth.authentication import LoginNotConfigured
from gateway.auth.institutions import RenamingRefused
from gateway.backups.errors import BackupError
from gateway.cli.running_instance import RunningInstance, find_running, find_running_with_card
from gateway.composition.record_store import RecordStore, open_record_store
from gateway.composition.services import Services, open_services
from gateway.database.migration import SchemaTooNew
from gateway.errors import GatewayError
from gateway.mass_runs.journal import JournalInUse
from gateway.screening.network_switch import SwitchRefused
from gateway.settings.settings import Settings
from gateway.telemetry.tracing import TracingUnavailable
from screening.errors import EngineUnavailable
from screening.evaluation.label_table import InvalidLabelTable
from screening.evaluation.site_calibration import CalibrationRefused
from screening.results.model_card import InvalidModelCard
from screening.results.report import Notice

READY_POLL_S = 0.2
ERRORS_WITH_DETAIL = (BackupError, EngineError, EngineUnavailable, GatewayError)
ERRORS_WITH_MESSAGE = (
    CalibrationRefused,
    InvalidLabelTable,
    InvalidModelCard,
    JournalInUse,
    LoginNotConfigured,
    RenamingRefused,
    SchemaTooNew,
    SwitchRefused,
    TracingUnavailable,
)

console = Console()
errors = Console(stderr=True)


def run_and_exit(work: Coroutine[Any, Any, int]) -> None:
    """Run a command and exit with its status; known errors become a message."""
    with exit_with_message():
        raise typer.Exit(asyncio.run(work))


@contextmanager
def exit_with_message() -> Iterator[None]:
    """Turn errors that the user can correct into a message without a traceback, and exit with status 1."""
    try:
        yield
    except ERRORS_WITH_DETAIL as error:
        _fail(error.detail)
    except ERRORS_WITH_MESSAGE as error:
        _fail(str(error))
    except ValidationError as error:
        _fail("\n".join(f"{_variable(fault['loc'])}: {fault['msg']}" for fault in error.errors()))
    except KeyboardInterrupt:
        errors.print("stopped", style="yellow")
        raise typer.Exit(130) from None


@asynccontextmanager
async def ready_services(settings: Settings) -> AsyncIterator[Services]:
    """Services on the Triton of the settings, else on that of a running `turnstile up`, else on a new one."""
    async with AsyncExitStack() as stack:
        running = _find_running_triton(stack, settings)
        if running is not None:
            secret = SecretStr(running.triton_secret) if running.triton_secret else None
            settings = settings.model_copy(update={"triton_url": running.triton_url, "triton_secret": secret})
        message = "starting Triton" if settings.triton_url is None else f"using Triton at {settings.triton_url}"
        errors.print(message, style="dim", highlight=False)
        with errors.status("waiting until the ensemble is ready"):
            services = await stack.enter_async_context(open_services(settings))
            await wait_until_ready(services)
        yield services


@asynccontextmanager
async def open_records(settings: Settings) -> AsyncIterator[RecordStore]:
    """The record store of the settings, else that of a running `turnstile up`, else one that is started here."""
    async with open_record_store(with_running_database(settings)) as store:
        yield store


def with_running_database(settings: Settings) -> Settings:
    """The settings; without a database URL, with the database and the blobs of a running `turnstile up`."""
    running = find_running()
    if settings.database_url is not None or running is None:
        return settings
    found = {"database_url": SecretStr(running.database_url), "blob_url": running.blob_url}
    return settings.model_copy(update=found)


async def stop_signal_received() -> None:
    """Return at the first Ctrl-C or SIGTERM."""
    stopped, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    await stopped.wait()


async def wait_until_ready(services: Services) -> None:
    """Return when the ensemble is ready; raises EngineUnavailable with the reason after `engine_start_s`."""
    end_s = monotonic() + services.settings.engine_start_s
    while reason := await services.engine.why_not_ready():
        if monotonic() > end_s:
            raise EngineUnavailable(f"the ensemble at {services.triton_url} is not ready: {reason}")
        await asyncio.sleep(READY_POLL_S)


def print_warnings(services: Services) -> None:
    """Print that this is no medical device, and whether the weights are trained, before any verdict."""
    errors.print(Notice.NO_MEDICAL_DEVICE.value, style="dim")
    if not services.card.trained:
        errors.print(f"{Notice.UNTRAINED.value} It only shows that everything works.", style="bold red")


def _find_running_triton(stack: AsyncExitStack, settings: Settings) -> RunningInstance | None:
    """The running `turnstile up` with the same model card; its Triton keeps running until `stack` is closed."""
    running = find_running_with_card(settings.model_repository) if settings.triton_url is None else None
    if running is not None and running.networks is not None:
        try:
            stack.enter_context(keep_snapshot(Path(running.networks)))
        except FileNotFoundError:  # stopped by a network switch since it was found
            return None
    return running


def _variable(where: tuple[int | str, ...]) -> str:
    """The name of the wrong setting; the message of a rule about several settings names them itself."""
    return f"TURNSTILE_{str(where[0]).upper()}" if where else "settings"


def _fail(message: str) -> None:
    errors.print(message, style="red", highlight=False, markup=False)
    errors.print("`turnstile doctor` checks the installation.", style="dim")
    raise typer.Exit(1)
