"""`turnstile demo`: two synthetic studies through the whole pipeline, a healthy one and one with a tumour."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Final

import typer

from gateway.cli.messages import console, run_and_exit
from gateway.cli.services import print_warnings, ready_services
from gateway.cli.terminal_text import print_beside
from gateway.composition.services import Services
from gateway.screening.pipeline import Upload
from gateway.settings.settings import Settings
from gateway.telemetry.logs import configure_logs
from screening.phantom.phantom_study import write_phantom

DEFAULT_OUTPUT = Path("turnstile-demo.json")
SLICES: Final = 40  # 7.5 mm apart

Reports = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class DemoStudy:
    """A synthetic study: `name` is its key in the output, `title` says what was drawn."""

    name: str
    title: str
    seed: int
    tumour: bool


STUDIES: Final = (
    DemoStudy("healthy", "Healthy lungs", seed=7, tumour=False),
    DemoStudy("tumour", "A tumour of 25 mm in the right lung", seed=8, tumour=True),
)


def demo(
    output: Annotated[Path, typer.Option("--output", "-o", help="Where the whole reports go (JSON).")] = DEFAULT_OUTPUT,
) -> None:
    """Screen two synthetic studies, a healthy one and one with a tumour, and show both reports."""
    run_and_exit(_demo(output))


@asynccontextmanager
async def written_studies() -> AsyncIterator[dict[DemoStudy, Path]]:
    """The studies as zips, until the block ends; takes some seconds."""
    with TemporaryDirectory(prefix="turnstile-demo-") as folder, console.status("screening two synthetic chest CTs"):
        yield await asyncio.to_thread(_write, Path(folder))


def _write(folder: Path) -> dict[DemoStudy, Path]:
    return {
        study: write_phantom(folder / f"{study.name}.zip", slices=SLICES, seed=study.seed, nodule=study.tumour)
        for study in STUDIES
    }


async def screen_studies(services: Services) -> Reports:
    """Screen the studies, store nothing, and print their reports side by side."""
    async with written_studies() as paths:
        reports = await asyncio.gather(*(_report(services, study, path) for study, path in paths.items()))
    by_name = dict(zip((study.name for study in paths), reports, strict=True))
    print_studies(by_name)
    return by_name


def print_studies(reports: Reports) -> None:
    """Print the reports, by name of the study, side by side."""
    console.print("\n[bold]Two synthetic studies[/] (generated, of no patient):")
    print_beside({study.title: reports[study.name] for study in STUDIES}, console)


async def _report(services: Services, study: DemoStudy, path: Path) -> Mapping[str, Any]:
    scratch = path.with_suffix("")
    scratch.mkdir()
    (report,) = await services.pipeline.reports(Upload(path, f"synthetic, {study.name}", scratch))
    return report.to_json()


async def _demo(output: Path) -> int:
    configure_logs("error")
    async with ready_services(Settings()) as services:
        print_warnings(services)
        reports = await screen_studies(services)
    await asyncio.to_thread(output.write_text, json.dumps(reports, indent=2) + "\n")
    console.print(f"the whole reports: {output}", highlight=False)
    return 1 if any(report["error"] for report in reports.values()) else 0
