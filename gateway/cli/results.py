"""`turnstile results`: the results of a mass run in the queue, as one table, at any time."""

import asyncio
import getpass
from pathlib import Path
from typing import Annotated, Final

import typer

from gateway.auth.local_admin import command_line_admin
from gateway.cli.institution_option import InstitutionOption
from gateway.cli.messages import console, run_and_exit
from gateway.cli.progress_bar import ProgressBar
from gateway.cli.records import open_records
from gateway.cli.screen import FAILED
from gateway.cli.terminal_text import print_summary
from gateway.mass_runs.durable.results import RunProgress, RunResults
from gateway.mass_runs.journal import JournalEntry
from gateway.mass_runs.report_file import ReportFile
from gateway.settings.settings import Settings
from gateway.telemetry.logs import configure_logs

UNFINISHED: Final = 4
POLL_S: Final = 2.0

LONGEST_NAME: Final = 200


def _validated_name(name: str) -> str:
    if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
        raise typer.BadParameter(f"a name has 1 to {LONGEST_NAME} characters on one line")
    return name


RunName = Annotated[
    str, typer.Option("--name", help="Names the run, for `turnstile results`.", callback=_validated_name)
]


def results(
    name: Annotated[str, typer.Argument(help="The run's name, as given to `turnstile enqueue`.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="report.csv, .json, .xlsx or .parquet; it is overwritten.")
    ] = None,
    detail: Annotated[bool, typer.Option("--detail", help="Write full reports, not rows (JSON only).")] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until every analysis has ended.")] = False,
    institution: InstitutionOption = None,
) -> None:
    """Show the progress of a run, and write the results so far: a row for each study, also for failed ones.

    Exit status: 0 all analysed, 3 some study failed, 4 some have not ended yet.
    """
    try:
        report = None if output is None else ReportFile(output, detail)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--output") from error
    run_and_exit(_results(name, report, institution, wait=wait))


async def _results(name: str, output: ReportFile | None, institution: str | None, *, wait: bool) -> int:
    configure_logs("error")
    settings = Settings()
    by = command_line_admin(getpass.getuser(), institution or settings.institution)
    async with open_records(settings) as store:
        runs = RunResults(store.database, by)
        progress = await _wait_until_ended(runs, name) if wait else await runs.progress(name)
        entries = [entry async for entry in runs.entries(name)]
    if output is not None:
        output.write(entries)
    print_summary(entries, output.path if output else None, console)
    _print_progress(progress)
    return UNFINISHED if progress.unfinished else _status(entries)


async def _wait_until_ended(runs: RunResults, name: str) -> RunProgress:
    """Wait until no analysis of the run waits or runs; gives the progress then."""
    progress = await runs.progress(name)
    with ProgressBar("analysing", progress.ended + progress.unfinished, progress.ended) as bar:
        while progress.waiting or progress.running:
            await asyncio.sleep(POLL_S)
            progress = await runs.progress(name)
            bar.set_progress(progress.ended, progress.ended + progress.unfinished)
    return progress


def _print_progress(progress: RunProgress) -> None:
    console.print(
        f"uploads: {progress.ended} ended, {progress.waiting} waiting, {progress.running} running", highlight=False
    )
    if progress.missing:
        console.print(
            f"{progress.missing} are not in the queue yet: `turnstile enqueue` still runs, or was stopped; start it "
            "again to continue",
            style="yellow",
            highlight=False,
        )


def _status(entries: list[JournalEntry]) -> int:
    return FAILED if any(entry.failed for entry in entries) else 0
