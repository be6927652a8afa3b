"""The output of every benchmark: the date and the machine, then tables; optionally saved as Markdown."""

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import psutil
import typer
from rich.console import Console

Study = Annotated[Path | None, typer.Option(help="A zip to view; without it a synthetic one of 150 slices.")]
Save = Annotated[Path | None, typer.Option(help="Also write the result to this file, as Markdown.")]


@contextmanager
def result_console(save: Path | None) -> Iterator[Console]:
    """A console that has printed date and machine; its output is saved to `save` at the end of the block."""
    if save:  # before minutes are spent on what could not be saved
        save.parent.mkdir(parents=True, exist_ok=True)
    console = Console(record=True, width=110)
    cores = f"{len(os.sched_getaffinity(0))} of {psutil.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before"
    console.print(f"{datetime.now(UTC):%Y-%m-%d}, {platform.machine()}, {cores}")
    yield console
    if save:
        save.write_text(f"```text\n{console.export_text()}```\n", "utf-8")
