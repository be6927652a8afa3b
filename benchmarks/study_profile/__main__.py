"""`python -m benchmarks.study_profile`: where the CPU time of a study goes, beside what the machine needs at least.

Starts a gateway, two workers, PostgreSQL and Triton of its own, sends each study alone, some without profilers for the
milliseconds and some with them for the shares, and writes a page and a flame graph of each kind of process.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.result_page import result_console
from benchmarks.study_profile.flame_graph import draw
from benchmarks.study_profile.limits import limits_ms
from benchmarks.study_profile.parts import PARTS, largest, parts_of
from benchmarks.study_profile.samples import Samples, Stack, sampled
from benchmarks.two_workers.__main__ import REAL, measure_idle
from benchmarks.two_workers.cluster import Cluster, running_cluster
from benchmarks.two_workers.cpu_usage import role_of
from benchmarks.two_workers.measurement import Alone, Idle
from benchmarks.two_workers.runs import Caller, Kind
from benchmarks.two_workers.study_kinds import study_kinds
from gateway.settings.settings import ROOT

REPOSITORY: Final = ROOT / "model_repository"


def main(
    folder: Annotated[Path, typer.Argument(help="Where the page and the flame graphs go.")],
    studies: Annotated[int, typer.Option(help="Studies of each kind, with and without profilers.")] = 8,
    only: Annotated[
        list[str] | None, typer.Option("--kind", help="Only kinds of studies with one of these words.")
    ] = None,
    real: Annotated[Path, typer.Option(help="Folder with real studies: cap001, normal001.")] = REAL,
) -> None:
    """Measure, print, draw and save."""
    folder.mkdir(parents=True, exist_ok=True)
    with (
        result_console(folder / "study-profile.md") as console,
        TemporaryDirectory(prefix="turnstile-profile-") as scratch,
        running_cluster() as cluster,
    ):
        kinds = [one for one in study_kinds(Path(scratch), real) if any(word in one.name for word in only or [""])]
        resting, database, _ = measure_idle(cluster, kinds[0], studies)
        for number, kind in enumerate(kinds):
            alone = Caller(cluster, kind, resting).alone(studies)
            (Path(scratch) / str(number)).mkdir()
            stacks = stacks_of(cluster, kind, resting, studies, Path(scratch) / str(number))
            spent = spent_ms(alone)
            console.rule(kind.name)
            for role in sorted(spent, key=lambda role: -spent[role]):
                print_parts(console, role, spent[role], stacks.get(role, Counter()))
                draw(stacks.get(role, Counter()), f"{kind.name}: {role}", folder / f"{number}-{role}.png")
            limits = limits_ms(kind.path, REPOSITORY, cluster.database_url, database.transactions, asks_expert(alone))
            print_limits(console, limits, sum(spent.values()))


def spent_ms(alone: Alone) -> dict[str, float]:
    """CPU milliseconds of one study by kind of process, from upload to report, without the client's."""
    found = Counter(alone.upload_cpu_s) + Counter(alone.analysis_cpu_s)
    return {role: 1000 * seconds for role, seconds in found.items() if role != "client"}


def stacks_of(cluster: Cluster, kind: Kind, resting: Idle, studies: int, scratch: Path) -> dict[str, Counter[Stack]]:
    """The stacks that were seen in each kind of process while studies of this kind came."""
    roles = dict(_roles(cluster))  # the decode workers have started: studies came before
    pythons = [pid for pid, role in roles.items() if role in PARTS]
    with sampled(pythons, [pid for pid, role in roles.items() if role not in PARTS], scratch) as samples:
        Caller(cluster, kind, resting).alone(studies)
    return _by_role(samples, roles)


def _roles(cluster: Cluster) -> Iterator[tuple[int, str]]:
    for root, role in ((cluster.service.process, "gateway"), *((one, "workers") for one in cluster.workers)):
        yield root.pid, role
        yield from ((child.pid, role_of(child)) for child in root.children(recursive=True))


def _by_role(samples: Samples, roles: Mapping[int, str]) -> dict[str, Counter[Stack]]:
    processes: defaultdict[str, list[int]] = defaultdict(list)
    for pid in samples.by_process:
        processes[roles.get(pid, "gone")].append(pid)
    return {role: samples.of(pids) for role, pids in processes.items()}


def asks_expert(alone: Alone) -> bool:
    """Whether the 3D expert read these studies, by the time that it took."""
    return alone.stages_s.get("expert_inference", 0.0) > 0.0


def print_parts(console: Console, role: str, spent: float, stacks: Counter[Stack]) -> None:
    """What one kind of process does in its milliseconds."""
    table = Table("part", "ms", "share", title=f"{role}: {spent:.0f} ms")
    shares = parts_of(role, stacks) if role in PARTS else largest(stacks)
    for part, share in shares.items():
        table.add_row(part, f"{share * spent:.0f}", f"{share:.0%}")
    console.print(table)


def print_limits(console: Console, limits: Mapping[str, float], spent: float) -> None:
    """The limit of each part, and how far the study is from their sum."""
    table = Table("limit", "ms")
    for part, milliseconds in limits.items():
        table.add_row(part, f"{milliseconds:.1f}")
    total = sum(limits.values())
    table.add_section()
    table.add_row("sum", f"{total:.0f}")
    console.print(table, f"the study takes {spent:.0f} ms, {spent / total:.1f} times the sum of its limits")


if __name__ == "__main__":
    typer.run(main)
