"""Reading alone: CPU time of survey and preparation of a study, of several checkouts in turn, and whether they agree.

    python -m benchmarks.reading OLD_CHECKOUT NEW_CHECKOUT --study study.zip --study another/

Every round reads each study once with each checkout, in a process of its own, so that other load on the machine meets
all alike; the lowest CPU time counts. No networks and no service: what a decode worker does.
"""

import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.studies import names_of, uploads

# Run by each checkout's own packages. The digest is of all that the networks and the report are made of.
ONE_READING: Final = """
import hashlib, json, sys, tempfile, time
from pathlib import Path
from screening.intake.budgets import Budgets
from screening.preparation import prepare, survey

path, image_size, view_spacing_mm = Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
with tempfile.TemporaryDirectory() as scratch:
    start = time.process_time()
    study = survey(path, Path(scratch), Budgets()).studies[0]
    surveyed = time.process_time()
    prepared = prepare(study, image_size, view_spacing_mm)
    ended = time.process_time()
told = repr((prepared.slice_indices, prepared.sop_uids, prepared.extents_mm, prepared.candidates, prepared.warnings,
             prepared.coverage, prepared.crop, prepared.geometry))
digest = hashlib.sha256(prepared.views.tobytes() + prepared.lung_masks.tobytes() + told.encode()).hexdigest()
print(json.dumps({"digest": digest, "slices": sum(len(one.slices) for one in study.series),
                  "survey": surveyed - start, "prepare": ended - surveyed, **prepared.timings_s}))
"""
STAGES: Final = ("survey", "prepare", "decode", "lungs", "masks", "views")  # the last four are wall time, in `prepare`


def main(
    checkouts: Annotated[list[Path], typer.Argument(help="Checkouts of this repository, the oldest first.")],
    study: Annotated[list[Path] | None, typer.Option(help="Your own study, zip or folder; several times.")] = None,
    rounds: Annotated[int, typer.Option(help="Readings of each study with each checkout.")] = 7,
    image_size: Annotated[int, typer.Option(help="Side of a view in px.")] = 256,
    view_spacing_mm: Annotated[float, typer.Option(help="Distance of the views.")] = 5.0,
) -> None:
    """Measure and print one table a study."""
    console = Console(width=110)
    with TemporaryDirectory(prefix="turnstile-benchmark-") as folder:
        for name, path in zip(names_of(study or []), uploads(study or [], Path(folder)), strict=True):
            best: dict[Path, dict[str, float]] = {one: {} for one in checkouts}
            digests: defaultdict[Path, set[str]] = defaultdict(set)
            for number in range(rounds):
                for checkout in checkouts if number % 2 else reversed(checkouts):
                    seen = read_once(checkout, path, image_size, view_spacing_mm)
                    digests[checkout].add(seen["digest"])
                    best[checkout] = lowest(best[checkout], seen)
            console.print(table_of(name, best))
            console.print(
                f"what was prepared is {'the same' if len(set.union(*digests.values())) == 1 else 'DIFFERENT'}"
            )


def read_once(checkout: Path, path: Path, image_size: int, view_spacing_mm: float) -> dict[str, Any]:
    """One reading in a process of its own; raises CalledProcessError."""
    command = [sys.executable, "-c", ONE_READING, str(path), str(image_size), str(view_spacing_mm)]
    environment = os.environ | {"PYTHONPATH": str(checkout.absolute()), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, check=True, capture_output=True, cwd=checkout, env=environment)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def lowest(before: Mapping[str, float], seen: Mapping[str, Any]) -> dict[str, float]:
    """The lowest seconds of each stage so far."""
    return {stage: min(before.get(stage, float("inf")), seen[stage]) for stage in STAGES}


def table_of(name: str, best: Mapping[Path, Mapping[str, float]]) -> Table:
    """A row for each checkout, ms, and the share of the first one's time that it takes."""
    table = Table(title=f"{name}: ms, lowest of all rounds")
    for column in ("checkout", *STAGES, "of the first"):
        table.add_column(column)
    whole = [one["survey"] + one["prepare"] for one in best.values()]
    for (checkout, stages), seconds in zip(best.items(), whole, strict=True):
        table.add_row(checkout.name, *(f"{1000 * stages[one]:.0f}" for one in STAGES), f"{seconds / whole[0]:.2f}")
    return table


if __name__ == "__main__":
    typer.run(main)
