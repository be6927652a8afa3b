"""`turnstile screen`: one study, or a folder of thousands, into a table that grows while it runs."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from gateway.cli.session import console, errors, ready_services, run_to_exit, warn
from gateway.cli.words import summarise, tell
from gateway.logs import configure_logs
from gateway.services.batch import screen_all
from gateway.services.items import items_of
from gateway.services.journal import Entry, Journal
from gateway.services.output import Output
from gateway.settings import Settings

Paths = Annotated[
    list[Path], typer.Argument(help="Studies, or folders of studies: zip, DICOM, NIfTI, folder.", exists=True)
]
FAILED = 3


def screen(
    paths: Paths,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="report.csv, report.json or report.xlsx; else it is told here."),
    ] = None,
    detail: Annotated[bool, typer.Option("--detail", help="Write whole reports, not rows (JSON only).")] = False,
    triton_url: Annotated[str | None, typer.Option(help="host:port of a Triton elsewhere (gRPC).")] = None,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Screen again what failed before.")] = False,
) -> None:
    """Screen studies and tell the reports, or write them to a file.

    A file is one upload. So is a folder with DICOM files, or with folders that hold the series of one study. Of any
    other folder, each folder, zip and NIfTI file in it is one. A second run skips what the first one did:
    OUTPUT.journal beside the report remembers.
    Exit status: 0 all analysed, 3 some study failed.
    """
    with TemporaryDirectory(prefix="turnstile-screen-") as folder:
        try:
            report = Output(output or Path(folder) / "report.json", detail)
        except ValueError as error:
            raise typer.BadParameter(str(error), param_hint="--output") from error
        run_to_exit(_screen(paths, report, triton_url, retry_failed, aloud=output is None))


async def _screen(
    paths: Sequence[Path], output: Output, triton_url: str | None, retry_failed: bool, *, aloud: bool
) -> int:
    settings = Settings() if triton_url is None else Settings(triton_url=triton_url)
    configure_logs("error")
    items = items_of(paths)
    for path in items.passed_over:
        errors.print(
            f"passed over, neither DICOM, zip nor NIfTI: {path}", style="yellow", highlight=False, markup=False
        )
    with Journal(output.journal) as journal:
        done = {item for item, entry in journal.entries().items() if not (retry_failed and entry.failed)}
        left = [item for item in items.uploads if str(item) not in done]
        if left:
            await _screen_left(settings, left, len(items.uploads), journal, output)
        entries = list(journal.entries().values())
        output.write(entries)
    if aloud:
        for report in (report for entry in entries for report in entry.reports):
            tell(report, console)
    else:
        summarise(entries, output.path, console)
    return FAILED if any(entry.failed for entry in entries) else 0


async def _screen_left(settings: Settings, left: Sequence[Path], total: int, journal: Journal, output: Output) -> None:
    async with ready_services(settings) as services:
        warn(services)
        output.write(journal.entries().values())
        at_once = min(
            settings.decode_workers + 1, settings.slices_in_flight // services.analysis.slices_per_upload or 1
        )
        try:
            with _progress(total, total - len(left), output) as on_done:
                await screen_all(services.analysis, left, journal, at_once, on_done)
        finally:
            output.write(journal.entries().values())


@contextmanager
def _progress(total: int, done: int, output: Output) -> Iterator[Callable[[Entry], None]]:
    """A bar that moves, and a report that grows, with each upload that ends."""
    columns = (TextColumn("screening"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, TextColumn("{task.fields[failed]} failed"), console=errors) as bar:
        task = bar.add_task("", total=total, completed=done, failed=0)
        failed = 0

        def on_done(entry: Entry) -> None:
            nonlocal failed
            failed += entry.failed
            output.append(entry)
            bar.update(task, advance=1, failed=failed)

        yield on_done
