"""`turnstile doctor`: what this machine has and lacks, in words."""

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
from rich.table import Table

from engines.data_directories import default_data, default_home
from engines.errors import EngineError
from engines.postgres_cluster import MAJOR, binary
from engines.python_environment import engine_environment
from gateway.cli.command_context import console, ready_services, told_in_words
from gateway.screening.model_repository import verified_card
from gateway.settings.settings import GIB, Settings
from gateway.telemetry.logs import configure_logs
from screening.errors import EngineUnavailable
from screening.model_card import InvalidModelCard
from screening.transfer_syntaxes import DECODERS, NATIVE, READ_AS

NEEDED_MEMORY_BYTES = 3 * GIB  # Triton with its stubs, the gateway and two decode workers
NEEDED_DISK_BYTES = 2 * GIB  # the engine's environment, and one upload of the largest size


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; `well` is False when studies cannot be screened because of it."""

    what: str
    well: bool
    words: str


Check = Callable[[Settings], Awaitable[Sequence[Finding]]]


def doctor() -> None:
    """Look at Python, the engine, the models, the decoders, memory and disk; exit status 1 when something is amiss."""
    configure_logs("error")
    with told_in_words():
        findings = asyncio.run(_examine(Settings()))
    table = Table("", "what", "finding", show_edge=False)
    for finding in findings:
        table.add_row("[green]well[/]" if finding.well else "[bold red]amiss[/]", finding.what, finding.words)
    console.print(table)
    raise typer.Exit(0 if all(finding.well for finding in findings) else 1)


async def _examine(settings: Settings) -> list[Finding]:
    findings: list[Finding] = []
    for check in (_python, _memory, _disk, _decoders, _environment, _database, _models, _ensemble):
        findings += await check(settings)
    return findings


async def _python(_settings: Settings) -> Sequence[Finding]:
    return [Finding("Python", True, f"{platform.python_version()} on {platform.system()} {platform.machine()}")]


async def _memory(_settings: Settings) -> Sequence[Finding]:
    free = psutil.virtual_memory().available
    return [Finding("memory", free >= NEEDED_MEMORY_BYTES, f"{free / GIB:.1f} GiB available, 3 GiB needed")]


async def _disk(settings: Settings) -> Sequence[Finding]:
    folder = settings.scratch_folder or Path(tempfile.gettempdir())
    free = shutil.disk_usage(folder).free
    return [
        Finding("disk", free >= NEEDED_DISK_BYTES, f"{free / GIB:.1f} GiB free for uploads in {folder}, 2 GiB needed")
    ]


async def _decoders(_settings: Settings) -> Sequence[Finding]:
    """One trusted decoder for each transfer syntax; one that is missing costs the studies that need it."""
    native = [Finding("decoder", True, f"{UID(syntax).name}: built in") for syntax in sorted(NATIVE)]
    return native + [_decoder(syntax, plugin) for syntax, plugin in DECODERS.items()]


def _decoder(syntax: str, plugin: str) -> Finding:
    read_as = READ_AS.get(UID(syntax), UID(syntax))
    there = plugin in get_decoder(read_as).available_plugins
    return Finding("decoder", there, f"{UID(syntax).name}: {plugin}{'' if there else ' is not installed'}")


async def _environment(settings: Settings) -> Sequence[Finding]:
    if settings.triton_url is not None:
        return [Finding("engine", True, f"Triton elsewhere: {settings.triton_url}")]
    try:
        environment = await asyncio.to_thread(engine_environment, default_home())
    except EngineError as error:
        return [Finding("engine", False, error.detail)]
    return [Finding("engine", True, f"Triton's wheel for Python {environment.version} in {environment.site_packages}")]


async def _database(settings: Settings) -> Sequence[Finding]:
    """What `up` would keep records in; screening from the command line needs none."""
    if settings.database_url is not None:
        return [Finding("database", True, "PostgreSQL elsewhere")]
    try:
        binary("postgres")
    except EngineError as error:
        return [Finding("database", False, error.detail)]
    folder = settings.data_folder or default_data()
    return [Finding("database", True, f"PostgreSQL {MAJOR} of the wheel, records in {folder}")]


async def _models(settings: Settings) -> Sequence[Finding]:
    try:
        card = await asyncio.to_thread(verified_card, settings.model_repository)
    except InvalidModelCard as error:
        return [Finding("models", False, str(error))]
    worth = "trained" if card.trained else "UNTRAINED: a verdict means nothing"
    return [Finding("models", True, f"version {card.version}, {len(card.file_hashes)} files as promised, {worth}")]


async def _ensemble(settings: Settings) -> Sequence[Finding]:
    try:
        async with ready_services(settings) as services:
            return [Finding("ensemble", True, f"ready at {services.triton_url}")]
    except (EngineError, EngineUnavailable) as error:
        return [Finding("ensemble", False, error.detail)]
    except InvalidModelCard:
        return [Finding("ensemble", False, "not tried, for the models are amiss")]
