"""`turnstile doctor`: checks of this machine and its installation."""

import asyncio
import platform
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
import typer
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import UID
from rich.markup import escape
from rich.table import Table

from engines.data_directories import default_data, default_home
from engines.errors import EngineError
from engines.postgres_cluster import MAJOR, binary, is_built
from engines.python_environment import engine_environment
from gateway.auth.institutions import CUT, Institution, institutions
from gateway.cli.messages import console, exit_with_message
from gateway.cli.records import with_running_database
from gateway.cli.services import ready_services
from gateway.composition.postgres import open_postgres
from gateway.database.connection import Database
from gateway.errors import DatabaseUnavailable
from gateway.screening.model_repository import verified_card
from gateway.settings.settings import GIB, Settings
from gateway.telemetry.logs import configure_logs
from screening.dicom.lossless_decoding import LOSSLESS_DECODERS, is_installed
from screening.dicom.transfer_syntaxes import DECODED_AS, DECODERS, NATIVE
from screening.errors import EngineUnavailable
from screening.results.model_card import InvalidModelCard

NEEDED_MEMORY_BYTES = 3 * GIB  # Triton with its stubs, the gateway and two decode workers
NEEDED_DISK_BYTES = 2 * GIB  # the engine's environment, and one upload of the maximum size


@dataclass(frozen=True)
class CheckResult:
    """The result of one check; `ok` is False when studies cannot be screened because of it."""

    subject: str
    ok: bool
    message: str


Check = Callable[[Settings], Awaitable[Sequence[CheckResult]]]


def doctor() -> None:
    """Check Python, engine, models, decoders, memory, disk and institutions; exit status 1 when a check fails."""
    configure_logs("error")
    with exit_with_message():
        results = asyncio.run(_run_checks(Settings()))
    table = Table("", "check", "result", show_edge=False)
    for result in results:
        table.add_row("[green]ok[/]" if result.ok else "[bold red]failed[/]", result.subject, result.message)
    console.print(table)
    raise typer.Exit(0 if all(result.ok for result in results) else 1)


async def _run_checks(settings: Settings) -> list[CheckResult]:
    results: list[CheckResult] = []
    for check in (_python, _memory, _disk, _decoders, _environment, _database, _institutions, _models, _ensemble):
        results += await check(settings)
    return results


async def _python(_settings: Settings) -> Sequence[CheckResult]:
    return [CheckResult("Python", True, f"{platform.python_version()} on {platform.system()} {platform.machine()}")]


async def _memory(_settings: Settings) -> Sequence[CheckResult]:
    free = psutil.virtual_memory().available
    return [CheckResult("memory", free >= NEEDED_MEMORY_BYTES, f"{free / GIB:.1f} GiB available, 3 GiB needed")]


async def _disk(settings: Settings) -> Sequence[CheckResult]:
    folder = settings.scratch_folder or Path(tempfile.gettempdir())
    free = shutil.disk_usage(folder).free
    return [
        CheckResult(
            "disk", free >= NEEDED_DISK_BYTES, f"{free / GIB:.1f} GiB free for uploads in {folder}, 2 GiB needed"
        )
    ]


async def _decoders(_settings: Settings) -> Sequence[CheckResult]:
    """One decoder for each transfer syntax; without it, studies of that syntax are not analysed."""
    native = [CheckResult("decoder", True, f"{UID(syntax).name}: built in") for syntax in sorted(NATIVE)]
    return native + [_decoder(syntax, plugin) for syntax, plugin in DECODERS.items()]


def _decoder(syntax: str, plugin: str) -> CheckResult:
    read_as = DECODED_AS.get(UID(syntax), UID(syntax))
    ours = read_as in LOSSLESS_DECODERS
    installed = is_installed(read_as) if ours else plugin in get_decoder(read_as).available_plugins
    return CheckResult("decoder", installed, f"{UID(syntax).name}: {plugin}{'' if installed else ' is not installed'}")


async def _environment(settings: Settings) -> Sequence[CheckResult]:
    if settings.triton_url is not None:
        return [CheckResult("engine", True, f"external Triton at {settings.triton_url}")]
    try:
        environment = await asyncio.to_thread(engine_environment, default_home())
    except EngineError as error:
        return [CheckResult("engine", False, error.detail)]
    return [
        CheckResult("engine", True, f"Triton's wheel for Python {environment.version} in {environment.site_packages}")
    ]


async def _database(settings: Settings) -> Sequence[CheckResult]:
    """The database of `up`; screening from the command line needs none."""
    if settings.database_url is not None:
        return [CheckResult("database", True, "external PostgreSQL")]
    try:
        binary("postgres")
    except EngineError as error:
        return [CheckResult("database", False, error.detail)]
    folder = settings.data_folder or default_data()
    return [CheckResult("database", True, f"PostgreSQL {MAJOR} of the wheel, records in {folder}")]


async def _institutions(settings: Settings) -> Sequence[CheckResult]:
    """Names that an older release accepted and this one refuses: no login reaches their records."""
    settings = with_running_database(settings)
    folder = settings.data_folder or default_data()
    if settings.database_url is None and not is_built(folder):
        return [CheckResult("institutions", True, "no records yet")]
    try:
        async with open_postgres(settings, folder) as url:
            database = Database(url.get_secret_value())
            try:
                found = await institutions(database)
            finally:
                await database.close()
    except (EngineError, DatabaseUnavailable) as error:
        return [CheckResult("institutions", True, f"not checked: {error.detail}")]
    return [_institution(one) for one in found] or [CheckResult("institutions", True, "no records yet")]


def _institution(found: Institution) -> CheckResult:
    name = escape(found.shown)
    if found.reason is None:
        return CheckResult("institution", True, f"{name} {CUT}" if found.may_be_cut else name)
    remedy = "no login reaches its records: give it another name with `turnstile institution rename`"
    return CheckResult("institution", False, f"{name} {found.reason}; {remedy}")


async def _models(settings: Settings) -> Sequence[CheckResult]:
    try:
        card = await asyncio.to_thread(verified_card, settings.model_repository)
    except InvalidModelCard as error:
        return [CheckResult("models", False, str(error))]
    weights = "trained" if card.trained else "UNTRAINED: a verdict means nothing"
    return [
        CheckResult(
            "models",
            True,
            f"version {card.version}, {len(card.file_hashes)} files with the hashes of the card, {weights}",
        )
    ]


async def _ensemble(settings: Settings) -> Sequence[CheckResult]:
    try:
        async with ready_services(settings) as services:
            return [CheckResult("ensemble", True, f"ready at {services.triton_url}")]
    except (EngineError, EngineUnavailable) as error:
        return [CheckResult("ensemble", False, error.detail)]
    except InvalidModelCard:
        return [CheckResult("ensemble", False, "not checked, since the models are invalid")]
