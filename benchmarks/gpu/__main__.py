"""`python -m benchmarks.gpu`: everything that is asked about a GPU, in one command and within 12 minutes."""

import shlex
import sys
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Annotated, Final

import typer
from rich.console import Console

from benchmarks import studies as study_files
from benchmarks.bench.machine import this_machine
from benchmarks.gpu.device import this_device
from benchmarks.gpu.fp32_repository import fp32_repository
from benchmarks.gpu.isolated import run_isolated
from benchmarks.gpu.page import page
from benchmarks.gpu.plan import LIMITS_S, Task, tasks_of
from benchmarks.gpu.providers import PROVIDERS
from benchmarks.gpu.record import Outcome, Record
from benchmarks.gpu.setting import Setting
from benchmarks.service_limit import REPOSITORY
from screening.phantom.phantom_study import write_phantom
from screening.results.model_card import ModelCard

INCOMPLETE: Final = 3
SYNTHETIC: Final = ("synthetic, healthy", "synthetic, with a tumour")


def main(
    provider: Annotated[list[str] | None, typer.Option(help=f"Of {', '.join(PROVIDERS)}; several times.")] = None,
    part: Annotated[list[str] | None, typer.Option(help=f"Of {', '.join(LIMITS_S)}; all without.")] = None,
    study: Annotated[
        list[Path] | None, typer.Option(exists=True, help="A study; several times. Else two synthetic.")
    ] = None,
    repository: Annotated[Path, typer.Option(help="FP32 graphs; exported when missing.")] = Path("runs/gpu/repository"),
    served: Annotated[Path, typer.Option(help="What a CPU serves, to which verdicts are compared.")] = REPOSITORY,
    triton: Annotated[str | None, typer.Option(help="host:port of a Triton that serves the repository.")] = None,
    output: Annotated[Path, typer.Option(help="Folder of results.json, results.md, parts.log.")] = Path("runs/gpu"),
    minutes: Annotated[float, typer.Option(min=0.1, help="After them no part starts or goes on.")] = 12.0,
    short: Annotated[bool, typer.Option("--short", help="Small inputs; shows that it works.")] = False,
) -> None:
    """Measure, and write the page. Exit status: 0 all parts done, 3 some failed, had no time, or cannot run here."""
    try:
        tasks = _tasks(provider or ["cuda", "tensorrt"], part or list(LIMITS_S))
        graphs = fp32_repository(repository)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    output.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="turnstile-gpu-") as folder:
        uploads = _uploads(study or [], Path(folder), short)
        setting = Setting(
            repository=graphs, served=served, uploads=uploads, cache=Path(folder), short=short, triton=triton
        )
        record = _run(tasks, setting, _opened(setting, study or []), output, minutes)
    typer.echo(str(output / "results.md"))
    raise typer.Exit(0 if record.is_complete else INCOMPLETE)


def _tasks(providers: list[str], parts: list[str]) -> tuple[Task, ...]:
    if unknown := [*(set(providers) - PROVIDERS.keys()), *(set(parts) - LIMITS_S.keys())]:
        raise ValueError(f"no provider or part: {', '.join(sorted(unknown))}")
    return tasks_of(providers, parts)


def _run(tasks: tuple[Task, ...], setting: Setting, record: Record, output: Path, minutes: float) -> Record:
    console, deadline = Console(stderr=True, highlight=False), monotonic() + 60 * minutes
    for task in tasks:
        limit_s = min(task.limit_s, deadline - monotonic())
        outcome = (
            run_isolated(task, setting, limit_s, output / "parts.log") if limit_s > 1 else _not_started(task, minutes)
        )
        record = record.with_outcome(outcome)
        record.save(output / "results.json")
        (output / "results.md").write_text(page(record), "utf-8")
        console.print(f"{outcome.part}, {outcome.provider}: {outcome.state}, {outcome.seconds:.0f} s. {outcome.reason}")
    return record


def _not_started(task: Task, minutes: float) -> Outcome:
    reason = f"not started: the {minutes:g} minutes were over"
    return Outcome(part=task.part, provider=task.provider.name, state="out of time", reason=reason, seconds=0.0)


def _opened(setting: Setting, studies: list[Path]) -> Record:
    hidden = {str(study) for study in studies}
    command = shlex.join("STUDY" if word in hidden else word for word in sys.argv[1:])
    versions = [ModelCard.load(one / "model_card.json").version for one in (setting.repository, setting.served)]
    return Record(
        began=datetime.now(UTC),
        machine=this_machine(),
        device=this_device(),
        command=f"python -m benchmarks.gpu {command}".rstrip(),
        short=setting.short,
        repository=versions[0],
        served=versions[1],
        studies=tuple(study_files.names_of(studies)) if studies else SYNTHETIC,
    )


def _uploads(studies: list[Path], folder: Path, short: bool) -> tuple[Path, ...]:
    if studies:
        return tuple(study_files.uploads(studies, folder))
    slices, size = (32, 256) if short else (64, 512)
    return tuple(
        write_phantom(folder / f"study-{nodule:d}.zip", slices=slices, size=size, nodule=nodule)
        for nodule in (False, True)
    )


if __name__ == "__main__":
    typer.run(main)
