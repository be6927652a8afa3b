"""What the commands share: settings, services that are ready, and failures in words."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

import typer
from pydantic import SecretStr, ValidationError
from rich.console import Console

from engines.errors import EngineError
from engines.repository_snapshot import used
from gateway.auth.authentication import NoLogin
from gateway.backups.errors import BackupError
from gateway.cli.running_instance import Running, found, found_for
from gateway.composition.record_store import RecordStore, open_record_store
from gateway.composition.services import Services, open_services
from gateway.database.migration import SchemaTooNew
from gateway.errors import GatewayError
from gateway.mass_runs.journal import JournalInUse
from gateway.screening.network_switch import SwitchRefused
from gateway.settings.settings import Settings
from gateway.telemetry.tracing import TracingUnavailable
from screening.errors import EngineUnavailable
from screening.model_card import InvalidModelCard
from screening.report import Notice

READY_POLL_S = 0.2

console = Console()
errors = Console(stderr=True)


def run_to_exit(work: Coroutine[Any, Any, int]) -> None:
    """Run a command to its exit status; what is wrong with the installation is said in words."""
    with told_in_words():
        raise typer.Exit(asyncio.run(work))


@contextmanager
def told_in_words() -> Iterator[None]:
    """Faults that a person can mend, without a traceback; `turnstile doctor` looks closer."""
    try:
        yield
    except (BackupError, EngineError, EngineUnavailable, GatewayError) as error:
        _fail(error.detail)
    except (InvalidModelCard, JournalInUse, NoLogin, SchemaTooNew, SwitchRefused, TracingUnavailable) as error:
        _fail(str(error))
    except ValidationError as error:
        _fail("\n".join(f"{_variable(fault['loc'])}: {fault['msg']}" for fault in error.errors()))
    except KeyboardInterrupt:
        errors.print("stopped", style="yellow")
        raise typer.Exit(130) from None


@asynccontextmanager
async def ready_services(settings: Settings) -> AsyncIterator[Services]:
    """Services on the Triton that is named, else on that of a running `turnstile up`, else on one started here."""
    async with AsyncExitStack() as stack:
        note = _borrowed(stack, settings)
        if note is not None:
            secret = SecretStr(note.triton_secret) if note.triton_secret else None
            settings = settings.model_copy(update={"triton_url": note.triton_url, "triton_secret": secret})
        words = "starting Triton" if settings.triton_url is None else f"using Triton at {settings.triton_url}"
        errors.print(words, style="dim", highlight=False)
        with errors.status("waiting until the ensemble is ready"):
            services = await stack.enter_async_context(open_services(settings))
            await until_ready(services)
        yield services


@asynccontextmanager
async def open_records(settings: Settings) -> AsyncIterator[RecordStore]:
    """The database that is named, else that of a running `turnstile up` with its blobs, else our own, started here."""
    async with open_record_store(with_records_found(settings)) as store:
        yield store


def with_records_found(settings: Settings) -> Settings:
    """The settings, with database and blobs of a running `turnstile up` where no database is named."""
    note = found()
    if settings.database_url is not None or note is None:
        return settings
    kept = {"database_url": SecretStr(note.database_url), "blob_url": note.blob_url}
    return settings.model_copy(update=kept)


async def until_ready(services: Services) -> None:
    """Return when the ensemble is ready; raises EngineUnavailable with the reason when it will not be."""
    end_s = monotonic() + services.settings.engine_start_s
    while reason := await services.engine.why_not_ready():
        if monotonic() > end_s:
            raise EngineUnavailable(f"the ensemble at {services.triton_url} is not ready: {reason}")
        await asyncio.sleep(READY_POLL_S)


def warn(services: Services) -> None:
    """Say what a verdict is worth, before any is shown."""
    errors.print(Notice.NO_MEDICAL_DEVICE.value, style="dim")
    if not services.card.trained:
        errors.print(f"{Notice.UNTRAINED.value} It only shows that everything works.", style="bold red")


def _borrowed(stack: AsyncExitStack, settings: Settings) -> Running | None:
    """The running `turnstile up` whose Triton may be used; a switch there leaves it alive until the stack ends."""
    note = found_for(settings.model_repository) if settings.triton_url is None else None
    if note is not None and note.networks is not None:
        try:
            stack.enter_context(used(Path(note.networks)))
        except FileNotFoundError:  # switched off just now
            return None
    return note


def _variable(where: tuple[int | str, ...]) -> str:
    """The setting at fault; a rule between several names them itself."""
    return f"TURNSTILE_{str(where[0]).upper()}" if where else "settings"


def _fail(words: str) -> None:
    errors.print(words, style="red", highlight=False, markup=False)
    errors.print("`turnstile doctor` looks closer.", style="dim")
    raise typer.Exit(1)
