"""The throughput of the service relative to the limit: `python -m benchmarks.service_limit`.

In one run on one machine: studies a minute over HTTP at rising concurrency, the same tensors through ONNX Runtime
alone, their ratio, the time of each stage, the peak memory of each process. Quote the ratios.
"""

import asyncio
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import psutil
import typer
from rich.table import Table

from benchmarks import studies as study_files
from benchmarks.bench.results import ORIGINAL_STUDY_S
from benchmarks.http_load import Load, post_studies
from benchmarks.onnx_alone import Limit, measure_limit
from benchmarks.result_page import Save, result_console
from benchmarks.service import resident_mib, running_service
from screening.intake.upload import Budgets
from screening.preparation import PreparedStudy, prepare, survey
from screening.results.model_card import ModelCard
from screening.series.studies import Study

REPOSITORY = Path(__file__).resolve().parent.parent / "model_repository"


def main(
    studies: Annotated[int, typer.Option(help="Studies at each level of concurrency.")] = 40,
    soak: Annotated[int, typer.Option(help="Further studies at the end, to measure the growth of memory.")] = 0,
    save: Save = None,
) -> None:
    """Measure, print, and save with `--save`."""
    with tempfile.TemporaryDirectory() as folder:
        upload = phantom_zip(Path(folder))
        study = prepared(upload, Path(folder) / "scratch")
        before = measure_limit(REPOSITORY, study, studies)
        with running_service() as service:
            loads = [
                asyncio.run(post_studies(service.url, upload.read_bytes(), level, studies)) for level in (1, 2, 4, 8)
            ]
            growth = soak_growth(service.url, upload.read_bytes(), service.process, soak) if soak else {}
            peaks = dict(service.memory.peak_mib)
        after = measure_limit(REPOSITORY, study, studies)
    report(loads, faster(before, after), peaks, growth, save)


def phantom_zip(folder: Path) -> Path:
    """A synthetic study of 64 slices of 512 x 512, uncompressed DICOM in a deflated zip."""
    return study_files.phantom_zip(folder / "study.zip")


def prepared(upload: Path, scratch: Path) -> PreparedStudy:
    """The tensors that the gateway would send for this upload."""
    scratch.mkdir()
    card = ModelCard.load(REPOSITORY / "model_card.json")
    study = survey(upload, scratch, Budgets()).studies[0]
    if not isinstance(study, Study):
        raise study
    return prepare(study, card.image_size, card.view_spacing_mm)


def soak_growth(url: str, upload: bytes, process: psutil.Process, studies: int) -> dict[str, tuple[float, float]]:
    """Resident MiB by role before and after many studies."""
    before = resident_mib(process)
    asyncio.run(post_studies(url, upload, 4, studies))
    after = resident_mib(process)
    return {role: (before.get(role, 0.0), mib) for role, mib in after.items()}


def faster(one: Limit, other: Limit) -> Limit:
    """The higher of the two limits, measured before and after the service ran."""
    return max(one, other, key=lambda limit: limit.studies_per_minute)


def report(
    loads: Sequence[Load],
    limit: Limit,
    peaks: dict[str, float],
    growth: dict[str, tuple[float, float]],
    save: Path | None,
) -> None:
    """Print the tables, and save them as Markdown with `save`."""
    tables = [throughput(loads, limit), stages(loads, limit), memory(peaks, growth)]
    with result_console(save) as console:
        console.print(f"model card {ModelCard.load(REPOSITORY / 'model_card.json').version}")
        for table in tables:
            console.print(table)
        distinct = len(frozenset().union(*(load.reports for load in loads)))
        answers = sum(len(load.latencies_s) for load in loads)
        console.print(f"distinct reports of the one study, times apart: {distinct} in {answers}")


def throughput(loads: Sequence[Load], limit: Limit) -> Table:
    """Studies a minute relative to the limit and the original."""
    table = Table(title="Studies over HTTP, beside ONNX Runtime alone")
    for title in ("concurrency", "studies/min", "p50 s", "p95 s", "p99 s", "of the limit", "x the original"):
        table.add_column(title, justify="right")
    for load in loads:
        table.add_row(
            str(load.concurrency),
            f"{load.studies_per_minute:.1f}",
            *(f"{load.percentile(share):.3f}" for share in (50, 95, 99)),
            f"{load.studies_per_minute / limit.studies_per_minute:.2f}",
            f"{load.studies_per_minute * ORIGINAL_STUDY_S / 60:.1f}",
        )
    table.add_row("ONNX alone", f"{limit.studies_per_minute:.1f}", "", "", "", "1.00", "")
    return table


def stages(loads: Sequence[Load], limit: Limit) -> Table:
    """The time of each stage of a study, at concurrency 1."""
    table = Table(title="Stages of one study at concurrency 1, median ms")
    table.add_column("stage")
    table.add_column("ms", justify="right")
    for stage, seconds in loads[0].stages_s.items():
        table.add_row(stage, f"{1000 * seconds:.1f}")
    for model, seconds in limit.seconds_by_model.items():
        table.add_row(f"ONNX Runtime alone, one instance: {model}", f"{1000 * seconds:.1f}")
    table.add_row("whole request, median", f"{1000 * statistics.median(loads[0].latencies_s):.1f}")
    return table


def memory(peaks: dict[str, float], growth: dict[str, tuple[float, float]]) -> Table:
    """Proportional memory by role: peak, and before and after the soak."""
    table = Table(title="Memory (PSS), MiB")
    for title in ("process", "peak", "before the soak", "after"):
        table.add_column(title, justify="left" if title == "process" else "right")
    for role, mib in sorted(peaks.items()):
        before, after = growth.get(role, (None, None))
        table.add_row(role, f"{mib:.0f}", *("-" if value is None else f"{value:.0f}" for value in (before, after)))
    return table


if __name__ == "__main__":
    typer.run(main)
