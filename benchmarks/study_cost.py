"""`python -m benchmarks.study_cost BEFORE AFTER`: what a study costs in two checkouts, in one run on one machine.

Each checkout serves in turn with a gateway, two workers, PostgreSQL and Triton of its own; studies of several sizes
come one at a time. CPU time by kind of process from upload to stored report, and the seconds until the report is there.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Annotated, Final

import typer
from rich.table import Table

from benchmarks.result_page import Save, result_console
from benchmarks.two_workers.__main__ import REAL, measure_idle
from benchmarks.two_workers.cluster import running_cluster
from benchmarks.two_workers.measurement import Alone
from benchmarks.two_workers.result_tables import machine_words
from benchmarks.two_workers.runs import Caller, Kind
from benchmarks.two_workers.study_kinds import study_kinds

ROUNDS: Final = 2  # of each checkout, in turn; the cheaper one counts, so that another program's load does not


def main(
    before: Annotated[Path, typer.Argument(help="A checkout of the commit to compare with.")],
    after: Annotated[Path, typer.Argument(help="A checkout of the commit in question.")],
    studies: Annotated[int, typer.Option(help="Studies of each size and round.")] = 4,
    rounds: Annotated[int, typer.Option(help="How often each checkout serves.")] = ROUNDS,
    real: Annotated[Path, typer.Option(help="Folder with real studies: cap001, normal001.")] = REAL,
    save: Save = None,
) -> None:
    """Measure and print."""
    with TemporaryDirectory(prefix="turnstile-benchmark-") as folder, result_console(save) as console:
        kinds = study_kinds(Path(folder), real)
        console.print(f"{machine_words()}; {studies} studies of each size, the cheaper of {rounds} rounds")
        old, new = cheapest_of((before, after), kinds, studies, rounds)
        for table in (cost_table(old, new), waiting_table(old, new)):
            console.print(table)


def cheapest_of(
    checkouts: tuple[Path, Path], kinds: Sequence[Kind], studies: int, rounds: int
) -> tuple[list[Alone], list[Alone]]:
    """By checkout: the studies of each kind, in the round in which they took the least CPU time; rounds alternate."""
    measured: tuple[list[list[Alone]], list[list[Alone]]] = ([], [])
    for _ in range(rounds):
        for checkout, found in zip(checkouts, measured, strict=True):
            found.append(list(costs_of(checkout.resolve(), kinds, studies)))
    old, new = ([min(one, key=lambda kind: kind.cpu_s) for one in zip(*found, strict=True)] for found in measured)
    return old, new


def costs_of(checkout: Path, kinds: Sequence[Kind], studies: int) -> Iterator[Alone]:
    """Studies of each kind, one at a time, served by this checkout."""
    with running_cluster(checkout) as cluster:
        resting, _, first = measure_idle(cluster, kinds[0], studies)
        yield first
        for kind in kinds[1:]:
            yield Caller(cluster, kind, resting).alone(studies)


def cost_table(before: Sequence[Alone], after: Sequence[Alone]) -> Table:
    """CPU time by kind of process: before / after."""
    both = [(old, new, spent_s(old), spent_s(new)) for old, new in zip(before, after, strict=True)]
    roles = sorted({role for *_, old, new in both for role in {*old, *new}})
    table = Table("CPU ms, before / after", *roles, "sum", "ratio")
    for kind, _, old, new in both:
        cells = [f"{1000 * old.get(role, 0.0):.0f} / {1000 * new.get(role, 0.0):.0f}" for role in roles]
        sums = sum(old.values()), sum(new.values())
        table.add_row(kind.name, *cells, f"{1000 * sums[0]:.0f} / {1000 * sums[1]:.0f}", f"{sums[1] / sums[0]:.2f}")
    return table


def waiting_table(before: Sequence[Alone], after: Sequence[Alone]) -> Table:
    """Seconds of one study on an idle machine: before / after, medians."""
    table = Table("seconds, before / after", "upload", "request to report", "ratio", "lowest", "foreign cores")
    for old, new in zip(before, after, strict=True):
        seconds = [[wait + run for wait, run in zip(one.wait_s, one.run_s, strict=True)] for one in (old, new)]
        table.add_row(
            new.name,
            f"{median(old.upload_s):.2f} / {median(new.upload_s):.2f}",
            f"{median(seconds[0]):.2f} / {median(seconds[1]):.2f}",
            f"{median(seconds[1]) / median(seconds[0]):.2f}",
            f"{min(seconds[0]):.2f} / {min(seconds[1]):.2f}",
            f"{old.foreign_cores:.2f} / {new.foreign_cores:.2f}",
        )
    return table


def spent_s(one: Alone) -> Mapping[str, float]:
    """CPU seconds by kind of process, from upload to report, without the client's."""
    both = Counter(one.upload_cpu_s) + Counter(one.analysis_cpu_s)
    return {role: seconds for role, seconds in both.items() if role != "client"}


if __name__ == "__main__":
    typer.run(main)
