"""`turnstile results`: what came of a run that was put into the queue, as one table, at any time."""

import asyncio
import getpass
from pathlib import Path
from typing import Annotated, Final

import typer

from gateway.auth.local_admin import command_line_admin
from gateway.cli.command_context import console, open_records, run_to_exit
from gateway.cli.progress_bar import Bar
from gateway.cli.screen import FAILED
from gateway.cli.terminal_text import summarise
from gateway.mass_runs.durable.results import Results, Standing
from gateway.mass_runs.journal import Entry
from gateway.mass_runs.report_file import Output
from gateway.settings.settings import Settings
from gateway.telemetry.logs import configure_logs

UNFINISHED: Final = 4
POLL_S: Final = 2.0

LONGEST_NAME: Final = 200


def _checked(name: str) -> str:
    if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
        raise typer.BadParameter(f"a name has 1 to {LONGEST_NAME} characters on one line")
    return name


NameOfRun = Annotated[str, typer.Option("--name", help="Names the run, for `turnstile results`.", callback=_checked)]


def results(
    name: Annotated[str, typer.Argument(help="The run's name, as `turnstile enqueue` was told it.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="report.csv, .json, .xlsx or .parquet, replaced whole.")
    ] = None,
    detail: Annotated[bool, typer.Option("--detail", help="Write whole reports, not rows (JSON only).")] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Until every analysis has ended.")] = False,
    institution: Annotated[str | None, typer.Option(help="TURNSTILE_INSTITUTION by default.")] = None,
) -> None:
    """Tell how far a run is, and write what has ended: a row for each study, of those that failed too.

    Exit status: 0 all analysed, 3 some study failed, 4 some have not ended yet.
    """
    try:
        report = None if output is None else Output(output, detail)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--output") from error
    run_to_exit(_results(name, report, institution, wait=wait))


async def _results(name: str, output: Output | None, institution: str | None, *, wait: bool) -> int:
    configure_logs("error")
    settings = Settings()
    by = command_line_admin(getpass.getuser(), institution or settings.institution)
    async with open_records(settings) as store:
        found = Results(store.database, by)
        standing = await _ended(found, name) if wait else await found.standing(name)
        entries = [entry async for entry in found.entries(name)]
    if output is not None:
        output.write(entries)
    summarise(entries, output.path if output else None, console)
    _tell(standing)
    return UNFINISHED if standing.unfinished else _status(entries)


async def _ended(found: Results, name: str) -> Standing:
    """The run's standing when nothing in the queue is unfinished."""
    standing = await found.standing(name)
    with Bar("analysing", standing.ended + standing.unfinished, standing.ended) as bar:
        while standing.waiting or standing.running:
            await asyncio.sleep(POLL_S)
            standing = await found.standing(name)
            bar.stands_at(standing.ended, standing.ended + standing.unfinished)
    return standing


def _tell(standing: Standing) -> None:
    console.print(
        f"uploads: {standing.ended} ended, {standing.waiting} waiting, {standing.running} running", highlight=False
    )
    if standing.missing:
        console.print(
            f"{standing.missing} are not in the queue yet: `turnstile enqueue` is at work, or was stopped and goes on "
            "when it is called again",
            style="yellow",
            highlight=False,
        )


def _status(entries: list[Entry]) -> int:
    return FAILED if any(entry.failed for entry in entries) else 0
