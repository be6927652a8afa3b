"""`turnstile screen`: screens one study, or a folder of thousands, and writes the report while it runs."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.messages import console, errors, run_and_exit
from gateway.cli.progress_bar import ProgressBar
from gateway.cli.remote_options import DEFAULT_CONNECTIONS, RemoteOptions
from gateway.cli.services import print_warnings, ready_services
from gateway.cli.shipped_card import site_card_in
from gateway.cli.terminal_text import print_passed_over, print_report, print_summary
from gateway.mass_runs.discovery import discover
from gateway.mass_runs.journal import Journal, JournalEntry
from gateway.mass_runs.local import LocalScreening
from gateway.mass_runs.report_file import ReportFile
from gateway.mass_runs.run import Screening, screen_all
from gateway.screening.site_card_check import check_site_card
from gateway.settings.settings import Settings
from gateway.storage.scratch import open_scratch
from gateway.telemetry.logs import configure_logs
from screening.contract import Priority
from screening.results.model_card import ModelCard

Paths = Annotated[
    list[Path], typer.Argument(help="Studies, or folders of studies: zip, DICOM, NIfTI, folder.", exists=True)
]
FAILED = 3


def screen(
    paths: Paths,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="report.csv, .json, .xlsx or .parquet; printed by default."),
    ] = None,
    detail: Annotated[bool, typer.Option("--detail", help="Write full reports, not rows (JSON only).")] = False,
    triton_url: Annotated[str | None, typer.Option(help="host:port of a Triton that runs already (gRPC).")] = None,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Screen again what failed before.")] = False,
    url: Annotated[str | None, typer.Option(help="https://... of a remote gateway that screens them.")] = None,
    connections: Annotated[
        int, typer.Option(min=1, max=256, help="With --url: uploads at once, as far as the gateway accepts them.")
    ] = DEFAULT_CONNECTIONS,
    follow_links: Annotated[
        bool, typer.Option("--follow-links", help="Read what symbolic links in a folder point to; not with --url.")
    ] = False,
    card: Annotated[
        Path | None, typer.Option(help="A model card of `turnstile calibrate`; not with --url.", exists=True)
    ] = None,
    insecure: Annotated[
        bool, typer.Option("--insecure", help="With --url: allow http:// to another machine, unencrypted.")
    ] = False,
) -> None:
    """Screen studies and print the reports, or write them to a file.

    A file is one upload. So is a folder with DICOM files, or with folders that hold the series of one study. In any
    other folder, each folder, zip and NIfTI file is one upload. A second run skips the uploads that OUTPUT.journal,
    beside the report, has.
    With --url the remote gateway does the screening: the uploads are sent to it, a folder as a zip that is made while
    it is sent. TURNSTILE_TOKEN holds the API token for it.
    Exit status: 0 all analysed, 3 some study failed.
    """
    if url is not None and triton_url is not None:
        raise typer.BadParameter("a remote gateway has its own Triton", param_hint="--triton-url")
    if url is not None and follow_links:
        raise typer.BadParameter("links are followed only by local screening", param_hint="--follow-links")
    if url is not None and card is not None:
        raise typer.BadParameter("a remote gateway uses the card in force there", param_hint="--card")
    local = LocalOptions(triton_url, follow_links, card)
    options = local if url is None else RemoteOptions.validated(url, connections, insecure=insecure)
    try:
        report = None if output is None else ReportFile(output, detail)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--output") from error
    run_and_exit(
        _screen_and_print(paths, options, retry_failed)
        if report is None
        else _screen(paths, report, options, retry_failed, print_reports=False)
    )


@dataclass(frozen=True)
class LocalOptions:
    """Screening by this process, on the Triton of the option, of a running `turnstile up`, or a new one."""

    triton_url: str | None
    follow_links: bool = False
    card: Path | None = None

    @asynccontextmanager
    async def open_screening(self, _on_status: Callable[[str], None]) -> AsyncIterator[tuple[Screening, int]]:
        settings = Settings() if self.triton_url is None else Settings(triton_url=self.triton_url)
        settings = settings.model_copy(update={"follow_links": settings.follow_links or self.follow_links})
        async with ready_services(settings) as services:
            print_warnings(services)
            uploads_in_flight = settings.slices_in_flight // services.pipeline.slices_per_upload
            at_once = min(settings.decode_workers + 1, uploads_in_flight or 1)
            pipeline = services.pipeline.with_priority(Priority.MASS)
            if self.card is not None:
                made = site_card_in(self.card)
                check_site_card(made, services.networks.current.card_json)
                pipeline = pipeline.with_card(ModelCard.from_json(made))
            yield LocalScreening(pipeline, services.scratch), at_once


async def _screen_and_print(paths: Sequence[Path], options: LocalOptions | RemoteOptions, retry_failed: bool) -> int:
    async with open_scratch(Settings().scratch_folder) as folder:
        return await _screen(paths, ReportFile(folder / "report.json"), options, retry_failed, print_reports=True)


async def _screen(
    paths: Sequence[Path],
    output: ReportFile,
    options: LocalOptions | RemoteOptions,
    retry_failed: bool,
    *,
    print_reports: bool,
) -> int:
    configure_logs("error")
    discovered = discover(paths)
    print_passed_over(discovered.passed_over, errors)
    with Journal(output.journal) as journal:
        done = {entry.item for entry in journal.entries() if not (retry_failed and entry.failed)}
        remaining = [item for item in discovered.uploads if str(item) not in done]
        if remaining:
            await _screen_remaining(options, remaining, len(discovered.uploads), journal, output)
        output.write(journal.entries())
        if print_reports:
            for entry in journal.entries():
                for report in entry.reports:
                    print_report(report, console)
        else:
            print_summary(journal.entries(), output.path, console)
        return FAILED if any(entry.failed for entry in journal.entries()) else 0


async def _screen_remaining(
    options: LocalOptions | RemoteOptions, remaining: Sequence[Path], total: int, journal: Journal, output: ReportFile
) -> None:
    bar = ProgressBar("screening", total, total - len(remaining))

    def on_done(entry: JournalEntry) -> None:
        output.append(entry)
        bar.done(failed=entry.failed)

    async with options.open_screening(bar.set_status) as (screening, at_once):
        output.write(journal.entries())
        try:
            with bar:
                await screen_all(screening, remaining, journal, at_once, on_done)
        finally:
            output.write(journal.entries())
