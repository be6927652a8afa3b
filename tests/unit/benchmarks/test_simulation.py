"""The simulation against closed forms, and the arithmetic against itself written out."""

from dataclasses import replace
from random import Random

import numpy as np
import pytest

from benchmarks.simulation.capacity import Load, need, servers
from benchmarks.simulation.closed_forms import erlang_c, md1_wait_s, mmc_wait_s
from benchmarks.simulation.demand import AUDIT_S, PHANTOM, T4, THIN_SLICES
from benchmarks.simulation.site import PROFILE, REQUESTS, Site, a_day, waits_s

CUSTOMERS = 30_000
AMPLE = Site(gateways=100, workers=50, at_once=4, decoders=4, engines=100, engine_s=0.5)


@pytest.mark.parametrize(("count", "busy"), [(1, 0.5), (1, 0.8), (2, 0.7), (4, 0.8)])
def test_poisson_arrivals_and_exponential_times_wait_as_erlang_says(count: int, busy: float) -> None:
    service_s, random = 0.5, Random(1)
    rate = busy * count / service_s
    waited = waits_s(rate, lambda: random.expovariate(1 / service_s), count, CUSTOMERS)
    assert waited.mean() == pytest.approx(mmc_wait_s(rate, service_s, count), rel=0.1)
    assert (waited > 0).mean() == pytest.approx(erlang_c(count, rate * service_s), rel=0.05)


@pytest.mark.parametrize("busy", [0.3, 0.6, 0.85])
def test_one_server_of_constant_time_waits_as_pollaczek_and_khinchine_say(busy: float) -> None:
    service_s = 0.5
    waited = waits_s(busy / service_s, lambda: service_s, 1, CUSTOMERS)
    assert waited.mean() == pytest.approx(md1_wait_s(busy / service_s, service_s), rel=0.1)


def test_the_closed_forms_agree_where_they_meet() -> None:
    """M/M/1 waits load x service / (1 - load); a constant time halves it."""
    rate, service_s = 1.2, 0.5
    load = rate * service_s
    assert mmc_wait_s(rate, service_s, 1) == pytest.approx(load * service_s / (1 - load))
    assert md1_wait_s(rate, service_s) == pytest.approx(mmc_wait_s(rate, service_s, 1) / 2)
    assert erlang_c(1, load) == pytest.approx(load)


def test_nobody_waits_where_there_is_plenty() -> None:
    outcome = a_day(AMPLE, PHANTOM, studies=2_000)
    engine_s = AMPLE.engine_s / REQUESTS  # all requests at once
    alone_s = PHANTOM.gateway_s + PHANTOM.decode_s + PHANTOM.worker_s + engine_s + PHANTOM.audit_events * AUDIT_S
    assert np.mean(outcome.turnaround_s) == pytest.approx(alone_s, rel=0.02)


def test_work_is_conserved() -> None:
    """Utilisation law: busy time of each part = studies x its service time."""
    site = Site(gateways=1, workers=1, at_once=2, decoders=2, engines=2, engine_s=0.5)
    outcome = a_day(site, PHANTOM, studies=6_000)
    studies = len(outcome.turnaround_s)
    assert studies == pytest.approx(6_000, rel=0.05)
    assert outcome.busy_s["engine"] == pytest.approx(studies * site.engine_s)
    assert outcome.busy_s["decoder"] == pytest.approx(studies * PHANTOM.decode_s, rel=0.05)


def test_a_site_that_is_too_small_falls_behind_and_the_arithmetic_said_so() -> None:
    load = Load(studies_per_day=120_000, peak=2.0)
    small = Site(gateways=4, workers=4, at_once=4, decoders=2, engines=1, engine_s=0.5)
    large = Site(gateways=4, workers=4, at_once=4, decoders=2, engines=2, engine_s=0.5)
    assert load.peak_per_s * small.engine_s > small.engines
    assert servers(load.peak_per_s * large.engine_s) == large.engines
    slow, fast = (a_day(site, PHANTOM, 120_000, hours=range(9, 10)) for site in (small, large))
    assert slow.quantile_s(0.95) > 60
    assert fast.quantile_s(0.95) < 5


def test_the_same_seed_gives_the_same_day() -> None:
    one, other, third = (a_day(AMPLE, PHANTOM, 500, seed=seed) for seed in (3, 3, 4))
    assert one.turnaround_s == other.turnaround_s != third.turnaround_s


def test_the_profile_is_one_day() -> None:
    assert len(PROFILE) == 24
    assert sum(PROFILE) == pytest.approx(24)


def test_the_arithmetic_of_a_million_a_day() -> None:
    asked = need(Load(1_000_000, peak=2.0), THIN_SLICES, T4)
    rate = 1_000_000 * 2 / 86_400
    assert asked.studies_per_s == pytest.approx(23.148, rel=1e-3)
    assert asked.network_cores == int(rate * (THIN_SLICES.networks_s + THIN_SLICES.triton_s) / 0.7) + 1
    assert asked.ingress_mbit_s == pytest.approx(rate * THIN_SLICES.upload_bytes * 8 / 1e6)
    assert asked.gpus == int(rate * T4.study_s(THIN_SLICES) / 0.7) + 1
    assert asked.stored_tb_per_day == pytest.approx((THIN_SLICES.upload_bytes + THIN_SLICES.kept_bytes) / 1e6)


@pytest.mark.parametrize(
    ("part", "much"),
    [("wires", {"upload_bytes": 1e10}), ("networks", {"networks_s": 90}), ("decoding", {"decode_s": 90})],
)
def test_the_largest_part_is_told(part: str, much: dict[str, float]) -> None:
    assert need(Load(1_000_000, peak=2.0), replace(THIN_SLICES, **much), T4).bottleneck == part
