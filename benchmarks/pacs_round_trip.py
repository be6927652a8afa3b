"""Time from a study's last instance to its result in the archive: `python -m benchmarks.pacs_round_trip`.

storescu sends a study to the listener of `turnstile up`; dcmtk's storescp is the archive that gets SR and SEG. Studies
come one after the other. One is complete when nothing came for `--complete-after` seconds, a part of the time.
"""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Annotated, Final

import httpx
import typer
from rich.table import Table

from benchmarks.dcmtk import TITLE, copy_under_own_uids, files_below, require_dcmtk, storescu
from benchmarks.result_page import Save, result_console
from benchmarks.service import free_port, running_service, stop
from screening.phantom.phantom_study import write_phantom

KINDS: Final = ("sr", "seg")
RESULT_S: Final = 600.0
POLL_S: Final = 0.02


def main(
    study: Annotated[Path | None, typer.Option(help="A folder of DICOM files; without it synthetic studies.")] = None,
    slices: Annotated[int, typer.Option(help="Slices of a synthetic study.")] = 64,
    repeats: Annotated[int, typer.Option(help="Studies that are sent.")] = 5,
    complete_after: Annotated[float, typer.Option(help="TURNSTILE_PACS_COMPLETE_AFTER_S.")] = 2.0,
    save: Annotated[Path | None, Save] = None,
) -> None:
    """Send a study several times, under UIDs of its own each time."""
    require_dcmtk()
    with TemporaryDirectory() as folder, result_console(save) as console:
        template = study or write_phantom(Path(folder) / "template", slices=slices)
        found = sorted(_round_trips(Path(folder), template, repeats, complete_after))
        table = Table("", "shortest, s", "median, s", "longest, s")
        table.add_row("last instance to result", f"{found[0]:.1f}", f"{median(found):.1f}", f"{found[-1]:.1f}")
        table.add_row("without the wait", *(f"{s - complete_after:.1f}" for s in (found[0], median(found), found[-1])))
        console.print(table)
        console.print(f"{len(files_below(template))} slices; {len(found)} studies; a wait of {complete_after:g} s")


def _round_trips(folder: Path, template: Path, repeats: int, complete_after: float) -> list[float]:
    dicom_port = free_port()
    settings = {"pacs_listen": "true", "pacs_port": str(dicom_port), "pacs_complete_after_s": str(complete_after)}
    with _archive(folder / "archive") as (archive, archive_port), running_service(**settings) as service:
        where = {"kind": "dimse", "host": "127.0.0.1", "port": archive_port, "called_ae": TITLE}
        destination = {"name": "archive", "encodings": KINDS, "by_default": True, **where}
        httpx.post(f"{service.url}/api/destinations", json=destination, trust_env=False).raise_for_status()
        return [
            _round_trip(copy_under_own_uids(template, folder / f"study-{number}"), dicom_port, archive)
            for number in range(repeats)
        ]


def _round_trip(study: Path, port: int, archive: Path) -> float:
    """Seconds from the end of storescu to the last object of the result."""
    before = len(list(archive.iterdir()))
    subprocess.run(storescu(study, port), check=True, stderr=subprocess.DEVNULL)
    sent_s = time.perf_counter()
    while len(list(archive.iterdir())) < before + len(KINDS):
        if time.perf_counter() - sent_s > RESULT_S:
            raise TimeoutError(f"no result within {RESULT_S:.0f} s")
        time.sleep(POLL_S)
    return time.perf_counter() - sent_s


@contextmanager
def _archive(folder: Path) -> Iterator[tuple[Path, int]]:
    folder.mkdir()
    port = free_port()
    command = ["storescp", "--fork", "-aet", TITLE, "-od", str(folder), str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield folder, port
    finally:
        stop(process)


if __name__ == "__main__":
    typer.run(main)
