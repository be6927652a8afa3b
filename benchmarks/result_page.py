"""How every benchmark tells its result: first the day and the machine, then tables, and all of it again as Markdown."""

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

Save = Annotated[Path | None, typer.Option(help="Write the result as Markdown here too.")]


@contextmanager
def told(save: Path | None) -> Iterator[Console]:
    """A console that has named the machine; at the end, what was printed on it is saved when asked."""
    console = Console(record=True, width=110)
    cores = f"{len(os.sched_getaffinity(0))} of {psutil.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before"
    console.print(f"{datetime.now(UTC):%Y-%m-%d}, {platform.machine()}, {cores}")
    yield console
    if save:
        save.write_text(f"```text\n{console.export_text()}```\n", "utf-8")
