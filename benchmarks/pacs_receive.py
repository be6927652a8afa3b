"""Instances a second by C-STORE, beside dcmtk's storescp on the same files: `python -m benchmarks.pacs_receive`.

One and ten senders (storescu) send synthetic studies of their own to `turnstile pacs listen` with its own PostgreSQL,
and to storescp, in turns. The listener syncs each instance to the disk and commits its row before it answers; storescp
does neither. Reported is the listener's highest resident memory with it.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Final

import psutil
import typer
from rich.table import Table

from benchmarks.dcmtk import TITLE, copy_under_own_uids, require_dcmtk, storescu
from benchmarks.result_page import Save, result_console
from benchmarks.service import free_port
from screening.phantom.phantom_study import write_phantom

SENDERS: Final = (1, 10)
LISTENER: Final = "turnstile pacs listen"
STORESCP: Final = "storescp of dcmtk"
START_S: Final = 300.0
POLL_S: Final = 0.05


@dataclass(frozen=True)
class Measured:
    """Instances a second, and the highest resident memory of the receiver in bytes."""

    per_s: float
    memory_bytes: int


def main(
    slices: Annotated[int, typer.Option(help="Instances of each sender's study.")] = 200,
    rounds: Annotated[int, typer.Option(help="Measurements of each; the best one is reported.")] = 2,
    save: Annotated[Path | None, Save] = None,
) -> None:
    """Measure with one and ten senders."""
    require_dcmtk()
    memory = (f"memory, {number} at once, MiB" for number in SENDERS)
    table = Table("receiver", *(f"{number} at once, per s" for number in SENDERS), *memory)
    with TemporaryDirectory() as folder:
        best = _measure(Path(folder), slices, rounds)
    for receiver in (LISTENER, STORESCP):
        found = [best[receiver, senders] for senders in SENDERS]
        memory = (f"{one.memory_bytes / 2**20:.0f}" if receiver == LISTENER else "" for one in found)
        table.add_row(receiver, *(f"{one.per_s:.0f}" for one in found), *memory)
    with result_console(save) as console:
        console.print(table)
        console.print(f"{slices} CT slices of 512 x 512 from each sender; load {os.getloadavg()[0]:.1f} after")


def _measure(folder: Path, slices: int, rounds: int) -> dict[tuple[str, int], Measured]:
    best: dict[tuple[str, int], Measured] = {}
    number, template = 0, write_phantom(folder / "template", slices=slices)
    for _ in range(rounds):
        for senders in SENDERS:
            for name, receiver in ((LISTENER, _listener), (STORESCP, _storescp)):
                number += 1  # new studies each time: what is there already is not stored again
                studies = [copy_under_own_uids(template, folder / f"{number}-{one}") for one in range(senders)]
                with receiver(folder / f"receiver-{number}") as (process, port):
                    found = _send(process, port, studies)
                before = best.get((name, senders), found)
                best[name, senders] = max(before, found, key=lambda one: one.per_s)
                for study in studies:
                    shutil.rmtree(study)
    return best


def _send(receiver: psutil.Process, port: int, studies: Sequence[Path]) -> Measured:
    start_s, memory = time.perf_counter(), 0
    senders = [subprocess.Popen(storescu(study, port), stderr=subprocess.DEVNULL) for study in studies]
    while any(sender.poll() is None for sender in senders):
        memory = max(memory, receiver.memory_info().rss)
        time.sleep(POLL_S)
    seconds = time.perf_counter() - start_s
    if failed := [sender.returncode for sender in senders if sender.returncode]:
        raise RuntimeError(f"storescu failed: {failed}")
    return Measured(sum(len(list(study.iterdir())) for study in studies) / seconds, memory)


@contextmanager
def _listener(folder: Path) -> Iterator[tuple[psutil.Process, int]]:
    port = free_port()
    environ = {"TURNSTILE_DATA_FOLDER": str(folder / "data"), "TURNSTILE_PACS_COMPLETE_AFTER_S": "3600"}
    command = [sys.executable, "-m", "gateway.cli", "pacs", "listen", "--port", str(port)]
    with _running(command, folder, environ, port) as process:
        yield process, port


@contextmanager
def _storescp(folder: Path) -> Iterator[tuple[psutil.Process, int]]:
    port = free_port()
    command = ["storescp", "--fork", "-aet", TITLE, "-od", str(folder), str(port)]
    with _running(command, folder, {}, port) as process:
        yield process, port


@contextmanager
def _running(command: Sequence[str], folder: Path, environ: dict[str, str], port: int) -> Iterator[psutil.Process]:
    folder.mkdir()
    process = psutil.Popen(command, env={**os.environ, **environ}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_until_it_answers(port)
        yield process
    finally:
        process.terminate()
        with suppress(psutil.TimeoutExpired):
            process.wait(60)
        shutil.rmtree(folder, ignore_errors=True)


def _wait_until_it_answers(port: int) -> None:
    end_s, echo = time.monotonic() + START_S, ["echoscu", "-aec", TITLE, "127.0.0.1", str(port)]
    while subprocess.run(echo, stderr=subprocess.DEVNULL, check=False).returncode:
        if time.monotonic() > end_s:
            raise RuntimeError("the receiver does not answer")
        time.sleep(POLL_S)


if __name__ == "__main__":
    typer.run(main)
