"""`turnstile bench`, or `python -m benchmarks.bench`: the throughput of this machine, on one page."""

import os
import shlex
import sys
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer
from rich.console import Console

from benchmarks.bench.context import AdmissionLimits, Bench
from benchmarks.bench.machine import this_machine
from benchmarks.bench.plan import CHOICES, SHORT, Plan, chosen, default_folder
from benchmarks.bench.record import PlanMismatch, Record
from benchmarks.bench.rendering import write_page
from benchmarks.bench.run import run
from benchmarks.bench.service_under_test import Serving, must_be_loopback
from benchmarks.service_limit import REPOSITORY
from benchmarks.studies import names_of, uploads
from screening.results.model_card import ModelCard

FAILED = 3


def _seconds(of: str) -> Any:
    return typer.Option(min=1.0, help=f"Seconds of {of}.", rich_help_panel="Durations")


def main(
    parts: Annotated[list[str] | None, typer.Argument(help=f"Parts to run, all without: {', '.join(CHOICES)}.")] = None,
    study: Annotated[
        list[Path] | None, typer.Option(exists=True, help="A study to send, several times; else a synthetic one.")
    ] = None,
    url: Annotated[str | None, typer.Option(help="A running one, on this machine; else one is started.")] = None,
    output: Annotated[
        Path | None, typer.Option(help="Folder of the result; ./turnstile-bench/<date> by default.")
    ] = None,
    short: Annotated[bool, typer.Option("--short", help="Everything in about five minutes; not to be quoted.")] = False,
    callers: Annotated[int | None, typer.Option(min=2, help="Most callers of the stages.")] = None,
    stages: Annotated[float | None, _seconds("each number of callers")] = None,
    ward: Annotated[float | None, _seconds("the ward's work")] = None,
    browsing: Annotated[float | None, _seconds("browsing")] = None,
    grpc: Annotated[float | None, _seconds("all shapes of requests together")] = None,
    overload: Annotated[float | None, _seconds("three times the knee")] = None,
    recovery: Annotated[float | None, _seconds("the knee's callers after the overload")] = None,
    soak: Annotated[float | None, _seconds("the knee's callers in a row")] = None,
) -> None:
    """Measure the throughput of this machine, and write the result as one page.

    It starts a service of its own on the loopback. A run that was interrupted goes on where it was when it is started
    again with the same options. Exit status: 0 all parts done, 3 some part failed; a missed aim is no failure.
    """
    console = Console(stderr=True, highlight=False)
    given = {"most_callers": callers, "stage_s": stages, "ward_s": ward, "browsing_s": browsing}
    given |= {"grpc_s": grpc, "overload_s": overload, "recovery_s": recovery, "soak_s": soak}
    folder = output or default_folder(f"{datetime.now(UTC):%Y-%m-%d}", short)
    try:
        if url:
            must_be_loopback(url)
        durations = (SHORT if short else {}) | {name: value for name, value in given.items() if value is not None}
        record = _record(folder, parts or [], study or [], url, short, durations)
    except (ValueError, PlanMismatch) as error:
        raise typer.BadParameter(str(error)) from error
    console.print(f"about {record.plan.seconds / 60:.0f} minutes; the page: {folder / 'index.html'}")
    record = _measured(record, folder, study or [], url, console)
    typer.echo(str(folder / "index.html"))
    raise typer.Exit(FAILED if any(part.state == "failed" for part in record.results.parts.values()) else 0)


def _record(
    folder: Path, parts: list[str], studies: list[Path], url: str | None, short: bool, durations: dict[str, Any]
) -> Record:
    plan = Plan(
        parts=chosen(parts),
        studies=tuple(names_of(studies)),
        model_card=ModelCard.load(_repository() / "model_card.json").version,
        where=url or "its own",
        short=short,
        **durations,
    )
    began = datetime.now(UTC)
    return Record.opened(folder, Record(began=began, machine=this_machine(), plan=plan, command=_command(studies)))


def _measured(record: Record, folder: Path, studies: list[Path], url: str | None, console: Console) -> Record:
    def keep(record: Record) -> None:
        record.save(folder)
        write_page(record, folder)

    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="turnstile-bench-") as scratch:
        serving = Serving(url, folder / "turnstile-up.log")
        sent = uploads(studies, Path(scratch))
        bench = Bench(record.plan, folder, _repository(), sent, serving, AdmissionLimits.of(_repository()))
        try:
            record = run(bench, record, console, keep)
        finally:
            serving.close()
    keep(record)
    return record


def _repository() -> Path:
    return Path(os.environ.get("TURNSTILE_MODEL_REPOSITORY", REPOSITORY))


def _command(studies: list[Path]) -> str:
    """The command line, without the names of studies."""
    hidden = {str(study) for study in studies}
    words = ["STUDY" if word in hidden else word for word in sys.argv[1:]]
    return shlex.join(["turnstile", "bench", *words])


if __name__ == "__main__":
    typer.run(main)
