"""`python -m benchmarks.two_workers`: measures the input of the simulation, prints and saves it (eight minutes).

The machine must be still. First studies that come alone, of every kind; then a burst; then random arrivals at half
and at four fifths of what the burst says that the machine carries.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Annotated, Final

import psutil
import typer

from benchmarks.two_workers.cluster import AT_ONCE, DECODERS, WORKERS, Cluster, running_cluster
from benchmarks.two_workers.database_counters import commit_times_s, counts, kept_bytes
from benchmarks.two_workers.measurement import RESULTS, SUFFIX, Alone, Database, Idle, Record, Run
from benchmarks.two_workers.result_tables import machine_words, print_results
from benchmarks.two_workers.runs import Caller, Kind, idle
from benchmarks.two_workers.study_kinds import study_kinds
from gateway.settings.settings import ROOT
from screening.results.model_card import ModelCard

REAL: Final = ROOT.parent / "shared" / "data" / "dicom"  # as in tests/conftest.py: absent on a user's machine
NO_IDLE_LOAD: Final = Idle({}, 0.0)
IDLE_S: Final = 10.0


def main(
    studies: Annotated[int, typer.Option(help="Studies of each kind that come alone.")] = 12,
    burst: Annotated[int, typer.Option(help="Studies that are asked for at once.")] = 60,
    seconds: Annotated[float, typer.Option(help="How long studies come at each rate.")] = 130.0,
    real: Annotated[Path, typer.Option(help="Folder with real studies: cap001, normal001.")] = REAL,
    folder: Annotated[Path, typer.Option(help="Where the results go, named by the day.")] = RESULTS,
) -> None:
    """Measure, print and save."""
    day = f"{datetime.now(UTC):%Y-%m-%d}"
    folder.mkdir(parents=True, exist_ok=True)  # before minutes are spent on what could not be saved
    with TemporaryDirectory(prefix="turnstile-benchmark-") as zips, running_cluster() as cluster:
        record = measured(cluster, day, study_kinds(Path(zips), real), studies, burst, seconds)
    record.save(folder / f"{day}{SUFFIX}")
    print_results(record, (folder / f"{day}{SUFFIX}").with_suffix(".md"))


def measured(cluster: Cluster, day: str, sorts: Sequence[Kind], studies: int, burst: int, seconds: float) -> Record:
    """All measurements; each step uses the results of those before."""
    words = machine_words()
    Caller(cluster, sorts[0], NO_IDLE_LOAD).alone(2)  # warm-up: the first studies also pay for start-up
    resting, database, synthetic = measure_idle(cluster, sorts[0], studies)
    others = [Caller(cluster, kind, resting).alone(studies) for kind in sorts[1:]]
    runs = measure_load(Caller(cluster, sorts[0], resting), synthetic, burst, seconds)
    return Record(
        date=day,
        command=f"python -m benchmarks.two_workers --studies {studies} --burst {burst} --seconds {seconds:g}",
        machine=words,
        cores=psutil.cpu_count() or 1,
        model_card=ModelCard.load(ROOT / "model_repository" / "model_card.json").version,
        workers=WORKERS,
        at_once=AT_ONCE,
        decoders=DECODERS,
        idle=resting,
        database=database,
        alone=(synthetic, *others),
        runs=tuple(runs),
    )


def measure_idle(cluster: Cluster, kind: Kind, studies: int) -> tuple[Idle, Database, Alone]:
    """The idle load of the cluster, and, without it, the cost of studies sent one at a time."""
    first = counts(cluster.database_url)
    cores = idle(cluster, IDLE_S)
    before = counts(cluster.database_url)
    per_s = (before.transactions - first.transactions) / (before.at_s - first.at_s)
    resting, kept = Idle(cores, round(per_s, 3)), kept_bytes(cluster.data)
    caller = Caller(cluster, kind, resting)
    alone = caller.alone(studies)
    ended = counts(cluster.database_url)
    own = ended.transactions - before.transactions - per_s * (ended.at_s - before.at_s)
    grown = ended.size_bytes - before.size_bytes + kept_bytes(cluster.data) - kept
    asked = studies + caller.warmed_up
    events = (ended.audit_events - before.audit_events) / asked
    commit_s, audit_s = commit_times_s(cluster.database_url)
    return resting, Database(round(own / asked, 2), events, round(grown / asked), commit_s, audit_s), alone


def measure_load(caller: Caller, alone: Alone, burst: int, seconds: float) -> Iterator[Run]:
    """A burst, and two rates below its throughput (its uploads were sent before, and uploads take cores too)."""
    all_at_once = caller.burst("burst", burst)
    yield all_at_once
    upload_s = sum(alone.upload_cpu_s.values()) / (psutil.cpu_count() or 1)
    capacity_per_s = 1 / (1 / all_at_once.studies_per_s + upload_s)
    for name, share in (("half", 0.5), ("four fifths", 0.8)):
        rate_per_s = round(share * capacity_per_s, 3)
        yield caller.at_times(name, rate_per_s, poisson(rate_per_s, seconds, seed=len(name)))


def poisson(rate_per_s: float, seconds: float, seed: int) -> list[float]:
    """Random arrival times (Poisson), `rate_per_s` a second."""
    random, moments_s = Random(seed), [0.0]
    while moments_s[-1] < seconds:
        moments_s.append(moments_s[-1] + random.expovariate(rate_per_s))
    return moments_s[1:-1]


if __name__ == "__main__":
    typer.run(main)
