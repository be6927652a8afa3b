"""All processes on one machine: each part has its limit, and all share the same cores.

A study's way is that of `site`, but for whom it waits: client and gateway take the upload in, the gateway in turns with
the other uploads; it waits for a slot of a worker; a decode worker prepares it, partly with several threads; every
network sees the slices of each of its requests; for a study that would be normal a decode worker makes blocks, which
the 3D expert sees, one study at a time; the worker writes the report. CPU seconds are those of studies that came alone;
what such a study took longer by the clock, disks and messages, is a pause that occupies no core.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from random import Random
from statistics import median
from typing import Any, Final, Self

import simpy

from benchmarks.simulation.cores import Cores
from benchmarks.simulation.site import REQUESTS
from benchmarks.two_workers.cpu_usage import NETWORKS
from benchmarks.two_workers.measurement import Alone, Record
from screening.contract import EXPERT

Steps = Generator[Any, Any, None]
INSTANCES: Final = 2  # of each network, by its config.pbtxt
UPLOADS: Final = 32  # that senders have open at once, as the client of the measured runs; others wait at the senders
TURN_S: Final = 0.01  # of the gateway's event loop on one upload, before it takes the next block of another
BLOCKS: Final = 3  # of the 3D expert that a study has at Triton at once (`expert_blocks`)
THREADED: Final = 0.55  # of a decode worker's CPU time, by its wall time with one thread and with two (over_slices)
BY_DECODERS: Final = ("survey", "decode", "lungs", "masks", "views", "test_time_views", "expert_blocks")  # stages


@dataclass(frozen=True)
class Machine:
    """Its cores, and how many of each part there are; `decoders` and `slots` are those of all its workers."""

    cores: float
    workers: int
    slots: int
    decoders: int
    instances: int = INSTANCES

    @classmethod
    def measured(cls, record: Record, foreign_cores: float) -> Self:
        """The machine of a record, without the cores that idle load and other programs used."""
        left = record.cores - foreign_cores - sum(record.idle.cores.values())
        return cls(left, record.workers, record.workers * record.at_once, record.workers * record.decoders)

    @property
    def limits(self) -> dict[str, int]:
        """The number of studies that each part processes at once."""
        few = {"gateway": 1, "worker": self.workers, "slot": self.slots, "decoder": self.decoders, "expert": 1}
        few["upload"] = UPLOADS
        return few | dict.fromkeys((*NETWORKS, EXPERT), self.instances)


@dataclass(frozen=True)
class Work:
    """CPU seconds of one study by part, its pauses, and the variation of its time when it is alone (mean 1)."""

    client_s: float
    gateway_s: float
    upload_pause_s: float
    pickup_pause_s: float
    decode_s: float
    blocks_s: float
    networks_s: dict[str, float]
    expert_s: float
    triton_s: float
    worker_s: float
    database_s: float
    run_pause_s: float
    spread: tuple[float, ...]

    @classmethod
    def of(cls, alone: Alone, machine: Machine) -> Self:
        """From studies sent one at a time; the pauses are the time that the simulated machine does not explain."""
        upload, run, stages = alone.upload_cpu_s, alone.analysis_cpu_s, alone.stages_s
        by_decoders = sum(stages.get(name, 0.0) for name in BY_DECODERS)
        blocks = stages.get("expert_blocks", 0.0) / by_decoders if by_decoders else 0.0
        work = cls(
            client_s=upload["client"],
            gateway_s=upload["gateway"] + upload["database"] + run["gateway"],
            upload_pause_s=0.0,
            pickup_pause_s=median(alone.wait_s),
            decode_s=(1 - blocks) * run["decoding"],
            blocks_s=blocks * run["decoding"],
            networks_s={name: run.get(name, 0.0) for name in NETWORKS},
            expert_s=run.get(EXPERT, 0.0),
            triton_s=run["triton"],
            worker_s=run["workers"],
            database_s=run["database"],
            run_pause_s=0.0,
            spread=tuple(seconds / (sum(alone.run_s) / len(alone.run_s)) for seconds in alone.run_s),
        )
        one = simulate(machine, replace(work, spread=(1.0,)), [0.0])
        upload_pause_s = median(alone.upload_s) - one.asked_s[0]
        run_pause_s = median(alone.run_s) + work.pickup_pause_s - one.turnaround_s[0]
        return replace(work, upload_pause_s=max(0.0, upload_pause_s), run_pause_s=max(0.0, run_pause_s))

    def costing(self, factor: float) -> Self:
        """The same study where each part takes so many times its CPU seconds."""
        parts = ("client_s", "gateway_s", "decode_s", "blocks_s", "expert_s", "triton_s", "worker_s", "database_s")
        networks_s = {name: factor * seconds for name, seconds in self.networks_s.items()}
        return replace(self, networks_s=networks_s, **{name: factor * getattr(self, name) for name in parts})

    @property
    def cpu_s(self) -> float:
        """All of a study's CPU seconds."""
        own = self.client_s + self.gateway_s + self.decode_s + self.triton_s + self.worker_s + self.database_s
        return own + self.blocks_s + self.expert_s + sum(self.networks_s.values())


@dataclass
class SimulatedRun:
    """The times of request and report of each study, in order of arrival, and the busy seconds of the cores."""

    asked_s: list[float]
    finished_s: list[float]
    busy_s: float = 0.0

    @property
    def turnaround_s(self) -> list[float]:
        """Seconds from request to report."""
        return [end - start for start, end in zip(self.asked_s, self.finished_s, strict=True)]

    @property
    def studies_per_s(self) -> float:
        """Reports a second, from the first request to the last report."""
        return len(self.asked_s) / (max(self.finished_s) - min(self.asked_s))


def simulate(
    machine: Machine, work: Work, due_s: Sequence[float], seed: int = 0, *, uploaded: bool = False
) -> SimulatedRun:
    """Let a study arrive at each of these times, until all have reports; it is uploaded first unless `uploaded`."""
    walk = _Simulation(machine, work, len(due_s), seed)
    for number, moment_s in enumerate(due_s):
        walk.environment.process(walk.study(number, moment_s, uploaded))
    walk.environment.run()
    walk.outcome.busy_s = walk.cores.busy_s
    return walk.outcome


class _Simulation:
    def __init__(self, machine: Machine, work: Work, studies: int, seed: int) -> None:
        self.environment = simpy.Environment()
        self.cores = Cores(self.environment, machine.cores)
        self.outcome = SimulatedRun([0.0] * studies, [0.0] * studies)
        self._work, self._random = work, Random(seed)
        self._lanes = min(machine.instances, BLOCKS)
        self._parts = {name: simpy.Resource(self.environment, limit) for name, limit in machine.limits.items()}

    def study(self, number: int, due_s: float, uploaded: bool) -> Steps:
        work, factor = self._work, self._random.choice(self._work.spread)
        yield self.environment.timeout(due_s)
        if not uploaded:
            with self._parts["upload"].request() as upload:
                yield upload
                yield self.cores.compute(work.client_s) & self._process(self._in_turns("gateway", work.gateway_s))
            yield self.environment.timeout(work.upload_pause_s)
        self.outcome.asked_s[number] = self.environment.now
        with self._parts["slot"].request() as slot:
            yield slot
            yield self.environment.timeout(work.pickup_pause_s)
            yield from self._analysis(factor)
        self.outcome.finished_s[number] = self.environment.now

    def _analysis(self, factor: float) -> Steps:
        work = self._work
        yield from self._use("worker", factor * work.worker_s / 2)
        yield from self._decode(factor * work.decode_s)
        yield self.environment.all_of([self._process(self._request(factor / REQUESTS)) for _ in range(REQUESTS)])
        if work.expert_s:
            yield from self._expert(factor)
        yield from self._use("worker", factor * work.worker_s / 2)
        yield self.cores.compute(work.database_s)
        yield self.environment.timeout(work.run_pause_s)

    def _request(self, share: float) -> Steps:
        """A request's slices through Triton, which runs all three networks in parallel."""
        yield self.cores.compute(share * self._work.triton_s)
        seconds = self._work.networks_s
        yield self.environment.all_of([self._process(self._use(name, share * seconds[name])) for name in NETWORKS])

    def _expert(self, factor: float) -> Steps:
        """Blocks, and the expert, whose instances share them; other studies wait."""
        with self._parts["expert"].request() as place:
            yield place
            yield from self._decode(factor * self._work.blocks_s)
            share = factor * self._work.expert_s / self._lanes
            yield self.environment.all_of([self._process(self._use(EXPERT, share)) for _ in range(self._lanes)])

    def _decode(self, seconds: float) -> Steps:
        """A decode worker with two threads for a part of its time."""
        with self._parts["decoder"].request() as turn:
            yield turn
            yield self.cores.compute((1 - THREADED) * seconds)
            yield self.cores.compute(THREADED * seconds / 2) & self.cores.compute(THREADED * seconds / 2)

    def _in_turns(self, part: str, seconds: float) -> Steps:
        """Short turns, between which others have theirs."""
        left_s = seconds
        while left_s > 0:
            yield from self._use(part, min(TURN_S, left_s))
            left_s -= TURN_S

    def _use(self, part: str, seconds: float) -> Steps:
        with self._parts[part].request() as turn:
            yield turn
            yield self.cores.compute(seconds)

    def _process(self, steps: Steps) -> simpy.Process:
        return self.environment.process(steps)
