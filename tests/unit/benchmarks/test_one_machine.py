"""Shared cores against queueing theory, and the simulated machine against arithmetic."""

from collections.abc import Callable
from dataclasses import replace
from math import ceil
from random import Random

import numpy as np
import pytest
import simpy

from benchmarks.simulation.closed_forms import mmc_wait_s
from benchmarks.simulation.cores import Cores
from benchmarks.simulation.one_machine import INSTANCES, THREADED, Machine, Work, simulate
from benchmarks.simulation.site import REQUESTS

CUSTOMERS = 10_000
SERVICE_S = 0.5
TIMES: dict[str, Callable[[Random], float]] = {
    "exponential": lambda random: random.expovariate(1 / SERVICE_S),
    "constant": lambda _: SERVICE_S,
    "mostly short": lambda random: SERVICE_S * (0.5 if random.random() < 0.8 else 3.0),
}
WORK = Work(
    client_s=0.01,
    gateway_s=0.05,
    upload_pause_s=0.02,
    pickup_pause_s=0.02,
    decode_s=0.12,
    blocks_s=0.0,
    networks_s={"classifier": 0.26, "autoencoder": 0.01, "findings": 0.03},
    expert_s=0.0,
    triton_s=0.01,
    worker_s=0.08,
    database_s=0.02,
    run_pause_s=0.05,
    spread=(1.0,),
)
MACHINE = Machine(cores=2, workers=2, slots=4, decoders=4)


@pytest.mark.parametrize(("count", "busy"), [(1, 0.5), (1, 0.8), (2, 0.7)])
@pytest.mark.parametrize("times", TIMES)
def test_shared_cores_keep_a_customer_as_long_as_theory_says(times: str, count: int, busy: float) -> None:
    """M/G/1-PS: s / (1 - load). On more cores as M/M/c, whatever the distribution (Kelly 1979, symmetric queues)."""
    random, rate = Random(5), busy * count / SERVICE_S
    stayed = sojourns_s(rate, lambda: TIMES[times](random), count)
    assert np.mean(stayed) == pytest.approx(SERVICE_S + mmc_wait_s(rate, SERVICE_S, count), rel=0.1)


def test_theory_of_one_shared_core_in_its_short_form() -> None:
    assert SERVICE_S + mmc_wait_s(0.8 / SERVICE_S, SERVICE_S, 1) == pytest.approx(SERVICE_S / (1 - 0.8))


@pytest.mark.parametrize(
    ("count", "ends_s"), [(1, [1.5, 1.75]), (1.5, [1.0, 1.25]), (2, [0.75, 1.0]), (3, [0.75, 1.0])]
)
def test_two_computations_share_what_cores_there_are(count: float, ends_s: list[float]) -> None:
    environment = simpy.Environment()
    cores, found = Cores(environment, count), list[float]()
    for seconds in (0.75, 1.0):
        cores.compute(seconds).callbacks.append(lambda _: found.append(environment.now))
    environment.run()
    assert found == pytest.approx(ends_s)
    assert cores.busy_s == pytest.approx(1.75)


def test_a_study_alone_takes_the_longest_way_through_its_parts() -> None:
    """Requests share the instances, the small networks run beside the classifier, two threads share some decoding."""
    alone = simulate(replace(MACHINE, cores=100), WORK, [0.0])
    rounds = ceil(REQUESTS / INSTANCES)
    networks_s = (rounds * WORK.networks_s["classifier"] + WORK.triton_s) / REQUESTS
    decode_s = WORK.decode_s * (1 - THREADED / 2)
    parts = (WORK.pickup_pause_s, decode_s, networks_s, WORK.worker_s, WORK.database_s, WORK.run_pause_s)
    assert alone.turnaround_s == pytest.approx([sum(parts)])
    assert alone.asked_s == pytest.approx([WORK.gateway_s + WORK.upload_pause_s])
    assert alone.busy_s == pytest.approx(WORK.cpu_s)


def test_the_expert_sees_one_study_at_a_time_on_all_of_its_instances() -> None:
    work = replace(WORK, blocks_s=0.4, expert_s=1.0)
    without, alone, two = (
        simulate(replace(MACHINE, cores=100), one, [0.0] * studies, uploaded=True).turnaround_s
        for one, studies in ((WORK, 1), (work, 1), (work, 2))
    )
    asked_s = 0.4 * (1 - THREADED / 2) + 1.0 / INSTANCES
    assert alone[0] == pytest.approx(without[0] + asked_s)
    assert max(two) > alone[0] + 0.9 * asked_s


def test_uploads_take_turns_at_the_gateway() -> None:
    """A short upload does not wait until a long one has ended: both see the gateway's core shared."""
    shared = simulate(replace(MACHINE, cores=100), replace(WORK, gateway_s=1.0), [0.0, 0.5]).asked_s
    assert shared == pytest.approx([1.5 + WORK.upload_pause_s, 2.0 + WORK.upload_pause_s], abs=0.1)


def test_a_burst_is_served_at_the_rate_of_the_cores() -> None:
    studies = 400
    burst = simulate(MACHINE, WORK, [0.0] * studies, uploaded=True)
    asked_s = WORK.cpu_s - WORK.client_s - WORK.gateway_s
    assert burst.busy_s == pytest.approx(studies * asked_s)
    assert burst.studies_per_s == pytest.approx(MACHINE.cores / asked_s, rel=0.03)


def test_slots_that_are_too_few_leave_cores_idle() -> None:
    one, four = (simulate(replace(MACHINE, slots=slots), WORK, [0.0] * 50, uploaded=True) for slots in (1, 4))
    assert one.studies_per_s < 0.7 * four.studies_per_s


def test_the_same_seed_gives_the_same_walk() -> None:
    work = replace(WORK, spread=(0.8, 1.2))
    one, other, third = (simulate(MACHINE, work, [0.1] * 20, seed) for seed in (1, 1, 2))
    assert one.finished_s == other.finished_s != third.finished_s


def sojourns_s(rate: float, service_s: Callable[[], float], count: int) -> list[float]:
    """How long customers stay who come at random and compute on shared cores."""
    environment, random, stayed = simpy.Environment(), Random(7), list[float]()
    cores = Cores(environment, count)

    def customer(comes_s: float) -> "simpy.events.ProcessGenerator":
        yield environment.timeout(comes_s)
        yield cores.compute(service_s())
        stayed.append(environment.now - comes_s)

    for comes_s in np.cumsum([random.expovariate(rate) for _ in range(CUSTOMERS)]).tolist():
        environment.process(customer(comes_s))
    environment.run()
    return stayed
