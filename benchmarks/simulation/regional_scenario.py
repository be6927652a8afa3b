"""5,000 studies a day on whole machines: an ordinary day, all in eight hours, after an outage, and all at once."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from benchmarks.simulation.demand import MEASURED, thin_slices
from benchmarks.simulation.one_machine import Machine, SimulatedRun, Work, simulate
from benchmarks.simulation.site import HOUR_S, PROFILE, poisson
from benchmarks.two_workers.measurement import Alone

STUDIES: Final = 5_000
TURNAROUND_LIMIT_S: Final = 900.0
OUTAGE_H: Final = range(8, 10)
CORES: Final = (2, 4, 8)
LONG: Final = 400
SHORT: Final = 8.0  # hours in which all studies arrive


@dataclass(frozen=True)
class Day:
    """The arrival times of the studies, in seconds."""

    name: str
    due_s: tuple[float, ...]


def days() -> tuple[Day, ...]:
    """The four days."""
    random = np.random.default_rng(0)
    ordinary = tuple(np.cumsum(list(poisson(STUDIES, range(24), random))).tolist())
    short = tuple(np.sort(random.uniform(0, SHORT * HOUR_S, STUDIES)).tolist())
    piled = round(STUDIES / 24 * sum(PROFILE[hour] for hour in OUTAGE_H))
    after = tuple(np.cumsum(list(poisson(STUDIES, range(OUTAGE_H.stop, 24), random))).tolist())
    return (
        Day("an ordinary day", ordinary),
        Day(f"all within {SHORT:.0f} hours", short),
        Day(f"{piled} at once after two hours' outage at the peak", (*[0.0] * piled, *after)),
        Day("all at once", (0.0,) * STUDIES),
    )


def machine_of(cores: int, instances: int | None = None) -> Machine:
    """The measured machine with `cores` cores: workers, slots, decode workers in proportion, instances as many."""
    of = MEASURED
    slots, decoders = of.workers * of.at_once // of.cores, of.workers * of.decoders // of.cores
    workers = max(1, cores * of.workers // of.cores)
    return Machine(cores, workers, cores * slots, cores * decoders, instances=instances or cores)


def lone_work_of(alone: Alone) -> Work:
    """The CPU time of such a study that comes alone; its pauses are those of the measured machine."""
    return Work.of(alone, Machine.measured(MEASURED, alone.foreign_cores))


def work_of(alone: Alone) -> Work:
    """The same on busy cores."""
    return lone_work_of(alone).costing(MEASURED.on_busy_cores)


def simulated_days(kind: Alone) -> Iterator[tuple[Day, int, SimulatedRun]]:
    """Each day on each machine."""
    work = work_of(kind)
    for day in days():
        for cores in CORES:
            yield day, cores, simulate(machine_of(cores), work, day.due_s)


def alone_and_burst(kind: Alone, machine: Machine) -> tuple[float, float]:
    """Seconds of one study from request to report on the idle machine, and studies a second of a long burst."""
    lone, work = (replace(one, spread=(1.0,)) for one in (lone_work_of(kind), work_of(kind)))
    return simulate(machine, lone, [0.0]).turnaround_s[0], simulate(machine, work, [0.0] * LONG).studies_per_s


def burst_within_limit(kind: Alone, cores: int) -> int:
    """How many studies at once all have their reports in 15 minutes, by the rate of a long burst."""
    burst = simulate(machine_of(cores), work_of(kind), [0.0] * LONG)
    return int(LONG / max(burst.finished_s) * TURNAROUND_LIMIT_S)


def kinds() -> tuple[Alone, Alone]:
    """The kinds of studies in the tables."""
    return MEASURED.alone[0], thin_slices(MEASURED)
