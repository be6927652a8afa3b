"""A site as a network of queues: uploads arrive by the hour of the day, and each study passes through the queues.

A study is received by a gateway, waits for a worker's slot and occupies it; a decode worker prepares it; the worker's
own process sends the requests with its slices to Triton and writes its report; its audit events are written one after
another with those of all studies.
"""

import math
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

import numpy as np
import simpy
from numpy.typing import NDArray

from benchmarks.simulation.demand import AUDIT_S, CARD, Demand

SLICES: Final = 6  # of a request, by `TURNSTILE_CHUNK_SLICES`
REQUESTS: Final = math.ceil(CARD.slices_of_a_study / SLICES)  # of a study to Triton
SPREAD: Final = 0.5  # coefficient of variation of a study's size; decoding and upload vary with it, networks do not
HOUR_S: Final = 3600.0
# Share of a day's studies by hour, mean 1: a hospital's working day. Made for the simulation, not measured.
PROFILE: Final = (
    *(0.3, 0.2, 0.2, 0.2, 0.2, 0.3, 0.5, 1.0),
    *(1.7, 2.0, 2.0, 2.0, 1.8, 1.8, 1.8, 1.7),
    *(1.5, 1.2, 1.0, 0.8, 0.6, 0.5, 0.4, 0.3),
)

Times = Callable[[], float]


@dataclass(frozen=True)
class Site:
    """The number of servers of each kind; `engine_s` is the time of one Triton instance for a study's slices."""

    gateways: int
    workers: int
    at_once: int
    decoders: int
    """Decode workers of one worker."""
    engines: int
    engine_s: float


@dataclass
class Outcome:
    """Seconds from arrival to report of each study [M], in order of arrival, and each part's busy seconds."""

    turnaround_s: list[float] = field(default_factory=list)
    busy_s: dict[str, float] = field(default_factory=dict)
    until_s: float = 0.0

    def quantile_s(self, share: float) -> float:
        """The quantile of the turnaround."""
        return float(np.quantile(self.turnaround_s, share))


class SiteSimulation:
    """One simulation of the queues of a site."""

    def __init__(self, site: Site, demand: Demand, seed: int) -> None:
        self.environment = simpy.Environment()
        self.outcome = Outcome()
        self._site, self._demand, self._random = site, demand, Random(seed)
        sizes = {
            "gateway": site.gateways,
            "slot": site.workers * site.at_once,
            "worker": site.workers,
            "decoder": site.workers * site.decoders,
            "engine": site.engines,
            "audit": 1,
        }
        self._parts = {name: simpy.Resource(self.environment, size) for name, size in sizes.items()}
        self.outcome.busy_s = dict.fromkeys(sizes, 0.0)

    def receive(self, gaps_s: Iterator[float]) -> None:
        """Let a study arrive after each gap, and run until the last has its report."""
        self.environment.process(self._arrivals(gaps_s))
        self.environment.run()
        self.outcome.until_s = self.environment.now

    def _arrivals(self, gaps_s: Iterator[float]) -> Generator[Any, Any, None]:
        for gap_s in gaps_s:
            yield self.environment.timeout(gap_s)
            self.environment.process(self._study())

    def _study(self) -> Generator[Any, Any, None]:
        came, demand = self.environment.now, self._demand
        size = self._random.gammavariate(1 / SPREAD**2, SPREAD**2)
        yield from self._use("gateway", demand.gateway_s * size)
        with self._parts["slot"].request() as slot:
            yield slot
            yield from self._use("decoder", demand.decode_s * size)
            yield from self._use("worker", demand.worker_s)
            requests = [self._use("engine", self._site.engine_s / REQUESTS) for _ in range(REQUESTS)]
            yield self.environment.all_of([self.environment.process(request) for request in requests])
        yield from self._use("audit", demand.audit_events * AUDIT_S)
        self.outcome.turnaround_s.append(self.environment.now - came)

    def _use(self, part: str, seconds: float) -> Generator[Any, Any, None]:
        with self._parts[part].request() as turn:
            yield turn
            yield self.environment.timeout(seconds)
        self.outcome.busy_s[part] += seconds


def a_day(site: Site, demand: Demand, studies: int, seed: int = 0, hours: range = range(24)) -> Outcome:
    """Simulate these hours of a day with `studies` a day, until the last study has its report."""
    simulation = SiteSimulation(site, demand, seed)
    simulation.receive(poisson(studies, hours, np.random.default_rng(seed)))
    return simulation.outcome


def waits_s(rate: float, service_s: Times, servers: int, customers: int, seed: int = 0) -> NDArray[np.float64]:
    """Waiting times at one queue with Poisson arrivals: the quantity of the closed forms."""
    environment = simpy.Environment()
    resource, random, waited = simpy.Resource(environment, servers), Random(seed), list[float]()

    def customer() -> Generator[Any, Any, None]:
        came = environment.now
        with resource.request() as turn:
            yield turn
            waited.append(environment.now - came)
            yield environment.timeout(service_s())

    def source() -> Generator[Any, Any, None]:
        for _ in range(customers):
            yield environment.timeout(random.expovariate(rate))
            environment.process(customer())

    environment.process(source())
    environment.run()
    return np.asarray(waited)


def poisson(studies: int, hours: range, random: np.random.Generator) -> Iterator[float]:
    """Gaps of a Poisson process whose rate changes by the hour."""
    mean = studies / 24
    counts = [int(random.poisson(mean * PROFILE[hour])) for hour in hours]
    within = [np.sort(random.uniform(0, HOUR_S, count)) + place * HOUR_S for place, count in enumerate(counts)]
    yield from np.diff(np.concatenate(within), prepend=0.0).tolist()
