"""The simulated machine compared with the measured one, at the same arrival times."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from benchmarks.simulation.one_machine import Machine, SimulatedRun, Work, simulate
from benchmarks.two_workers.measurement import Record, Run

SEEDS: Final = range(10)


@dataclass(frozen=True)
class Figures:
    """Turnaround in seconds, and reports a second."""

    mean_s: float
    p50_s: float
    p95_s: float
    studies_per_s: float


@dataclass(frozen=True)
class Compared:
    """One run: simulated and measured figures, and the share of the cores that its studies needed."""

    run: Run
    foretold: Figures
    measured: Figures
    load: float
    beside_others: float
    """CPU seconds of a study, relative to one that came alone: an input."""


def compared(record: Record) -> list[Compared]:
    """Every run of the record that is not an input of the simulation."""
    return [_compared(record, run) for run in record.runs]


def _compared(record: Record, run: Run) -> Compared:
    alone = record.alone[0]
    work = Work.of(alone, Machine.measured(record, alone.foreign_cores))
    machine = Machine.measured(record, run.foreign_cores)
    came = (run.due_s or run.asked_s, not run.due_s)
    beside_others = record.beside_others(run)
    asked = work.costing(beside_others)
    simulated_runs = [simulate(machine, asked, came[0], seed, uploaded=came[1]) for seed in SEEDS]
    each = [figures(one) for one in simulated_runs]
    names = ("mean_s", "p50_s", "p95_s", "studies_per_s")
    foretold = Figures(*(float(np.mean([getattr(one, name) for one in each])) for name in names))
    load = float(np.mean([one.busy_s / max(one.finished_s) for one in simulated_runs])) / machine.cores
    return Compared(run, foretold, figures(run), load, beside_others)


def figures(of: Run | SimulatedRun) -> Figures:
    """The figures of a run, real or simulated."""
    p50_s, p95_s = np.quantile(of.turnaround_s, (0.5, 0.95))
    return Figures(float(np.mean(of.turnaround_s)), float(p50_s), float(p95_s), of.studies_per_s)
