"""`turnstile screen`: one study, or a folder of thousands, into a table that grows while it runs."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from gateway.cli.command_context import console, errors, ready_services, run_to_exit, warn
from gateway.cli.progress_bar import Bar
from gateway.cli.remote_options import DEFAULT_CONNECTIONS, Elsewhere
from gateway.cli.terminal_text import summarise, tell
from gateway.mass_runs.discovery import items_of
from gateway.mass_runs.journal import Entry, Journal
from gateway.mass_runs.local import Here
from gateway.mass_runs.report_file import Output
from gateway.mass_runs.run import Screening, screen_all
from gateway.settings.settings import Settings
from gateway.telemetry.logs import configure_logs
from screening.contract import Priority

Paths = Annotated[
    list[Path], typer.Argument(help="Studies, or folders of studies: zip, DICOM, NIfTI, folder.", exists=True)
]
FAILED = 3


def screen(
    paths: Paths,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="report.csv, .json, .xlsx or .parquet; else it is told here."),
    ] = None,
    detail: Annotated[bool, typer.Option("--detail", help="Write whole reports, not rows (JSON only).")] = False,
    triton_url: Annotated[str | None, typer.Option(help="host:port of a Triton elsewhere (gRPC).")] = None,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Screen again what failed before.")] = False,
    url: Annotated[str | None, typer.Option(help="https://... of a gateway elsewhere that screens them.")] = None,
    connections: Annotated[
        int, typer.Option(min=1, max=256, help="With --url: uploads at once, where the gateway has room.")
    ] = DEFAULT_CONNECTIONS,
    insecure: Annotated[
        bool, typer.Option("--insecure", help="With --url: http:// to another machine; whoever listens reads it all.")
    ] = False,
) -> None:
    """Screen studies and tell the reports, or write them to a file.

    A file is one upload. So is a folder with DICOM files, or with folders that hold the series of one study. Of any
    other folder, each folder, zip and NIfTI file in it is one. A second run skips what the first one did:
    OUTPUT.journal beside the report remembers.
    With --url nothing is computed here: the uploads are sent to that gateway, a folder as a zip that is made on the
    way. The token for it is taken from TURNSTILE_TOKEN.
    Exit status: 0 all analysed, 3 some study failed.
    """
    if url is not None and triton_url is not None:
        raise typer.BadParameter("a gateway elsewhere has its own Triton", param_hint="--triton-url")
    where = _Here(triton_url) if url is None else Elsewhere.checked(url, connections, insecure=insecure)
    with TemporaryDirectory(prefix="turnstile-screen-") as folder:
        try:
            report = Output(output or Path(folder) / "report.json", detail)
        except ValueError as error:
            raise typer.BadParameter(str(error), param_hint="--output") from error
        run_to_exit(_screen(paths, report, where, retry_failed, aloud=output is None))


@dataclass(frozen=True)
class _Here:
    """Screening by this process, on the Triton that is named or found."""

    triton_url: str | None

    @asynccontextmanager
    async def opened(self, _tell: Callable[[str], None]) -> AsyncIterator[tuple[Screening, int]]:
        settings = Settings() if self.triton_url is None else Settings(triton_url=self.triton_url)
        async with ready_services(settings) as services:
            warn(services)
            room = settings.slices_in_flight // services.pipeline.slices_per_upload
            yield Here(services.pipeline.going(Priority.MASS)), min(settings.decode_workers + 1, room or 1)


async def _screen(
    paths: Sequence[Path], output: Output, where: "_Here | Elsewhere", retry_failed: bool, *, aloud: bool
) -> int:
    configure_logs("error")
    items = items_of(paths)
    for path in items.passed_over:
        errors.print(
            f"passed over, neither DICOM, zip nor NIfTI: {path}", style="yellow", highlight=False, markup=False
        )
    with Journal(output.journal) as journal:
        done = {entry.item for entry in journal.entries() if not (retry_failed and entry.failed)}
        left = [item for item in items.uploads if str(item) not in done]
        if left:
            await _screen_left(where, left, len(items.uploads), journal, output)
        output.write(journal.entries())
        if aloud:
            for entry in journal.entries():
                for report in entry.reports:
                    tell(report, console)
        else:
            summarise(journal.entries(), output.path, console)
        return FAILED if any(entry.failed for entry in journal.entries()) else 0


async def _screen_left(
    where: "_Here | Elsewhere", left: Sequence[Path], total: int, journal: Journal, output: Output
) -> None:
    bar = Bar("screening", total, total - len(left))

    def on_done(entry: Entry) -> None:
        output.append(entry)
        bar.done(failed=entry.failed)

    async with where.opened(bar.tell) as (screening, at_once):
        output.write(journal.entries())
        try:
            with bar:
                await screen_all(screening, left, journal, at_once, on_done)
        finally:
            output.write(journal.entries())
