"""`turnstile demo`: a synthetic study through the whole pipeline."""

import asyncio
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from gateway.cli.command_context import console, print_warnings, ready_services, run_and_exit
from gateway.cli.terminal_text import print_report
from gateway.composition.services import Services
from gateway.screening.pipeline import Upload
from gateway.settings.settings import Settings
from gateway.telemetry.logs import configure_logs
from screening.phantom.phantom_study import write_phantom

DEFAULT_OUTPUT = Path("turnstile-demo.json")


def demo(
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Where the whole report goes (JSON).")
    ] = DEFAULT_OUTPUT,
) -> None:
    """Screen a synthetic study and show the report."""
    run_and_exit(_demo(output))


async def screen_phantom(services: Services, output: Path | None) -> bool:
    """Screen a synthetic chest CT and print its report; False when it could not be analysed."""
    with TemporaryDirectory(prefix="turnstile-demo-") as folder, console.status("screening a synthetic chest CT"):
        upload = await asyncio.to_thread(_phantom, Path(folder))
        (report,) = await services.pipeline.reports(upload)
    console.print("\n[bold]A synthetic study[/] (generated, of no patient):")
    print_report(report.to_json(), console)
    if output is not None:
        await asyncio.to_thread(output.write_text, json.dumps(report.to_json(), indent=2) + "\n")
        console.print(f"the whole report: {output}", highlight=False)
    return report.error is None


def _phantom(folder: Path) -> Upload:
    study, scratch = folder / "study", folder / "scratch"
    scratch.mkdir()
    write_phantom(study)
    return Upload(study, "synthetic phantom", scratch)


async def _demo(output: Path) -> int:
    configure_logs("error")
    async with ready_services(Settings()) as services:
        print_warnings(services)
        return 0 if await screen_phantom(services, output) else 1
