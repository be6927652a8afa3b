"""The population stability index against its closed forms, and its state when it cannot be measured."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.telemetry.drift import MIN_STUDIES, PRIOR, WINDOW_STUDIES, Drift, State, stability_index

COUNTS = st.lists(st.integers(0, 10_000), min_size=4, max_size=4).map(lambda counts: np.asarray(counts, np.float64))
RNG = np.random.default_rng(6)


def test_two_bins_have_a_closed_form() -> None:
    """Shares a, 1 - a against b, 1 - b: (a - b) * (logit a - logit b)."""
    a, b = 0.75, 0.25
    index = stability_index(np.array([a, 1 - a]) * 1e9, np.array([b, 1 - b]) * 1e9)
    assert index == pytest.approx((a - b) * (math.log(a / (1 - a)) - math.log(b / (1 - b))), rel=1e-6)


def test_it_equals_the_sum_of_a_loop() -> None:
    now, then = np.array([3.0, 0.0, 7.0]), np.array([1.0, 4.0, 5.0])
    total = 0.0
    for x, y in zip(now, then, strict=True):
        p, q = (x + PRIOR) / (now.sum() + 3 * PRIOR), (y + PRIOR) / (then.sum() + 3 * PRIOR)
        total += (p - q) * math.log(p / q)
    assert stability_index(now, then) == pytest.approx(total)


@given(COUNTS, COUNTS)
def test_it_is_symmetric_and_never_negative(now: np.ndarray, then: np.ndarray) -> None:
    assert stability_index(now, then) == pytest.approx(stability_index(then, now))
    assert stability_index(now, then) >= 0.0


def test_psi_is_low_for_the_same_population_and_high_for_another() -> None:
    reference = np.histogram(RNG.beta(2, 5, 5000), 10, (0, 1))[0].tolist()
    same, other = Drift(reference), Drift(reference)
    for quiet, moved in zip(RNG.beta(2, 5, WINDOW_STUDIES), RNG.beta(5, 2, WINDOW_STUDIES), strict=True):
        same.observe(quiet)
        other.observe(moved)
    assert same.psi < 0.1 < 0.25 < other.psi


def test_old_studies_leave_the_window() -> None:
    drift = Drift([1000, 0, 0, 0])
    for probability in (0.9,) * WINDOW_STUDIES + (0.1,) * WINDOW_STUDIES:
        drift.observe(probability)
    assert drift.psi == pytest.approx(0.0, abs=0.01)


def test_drift_is_not_measured_without_a_reference_or_with_few_studies() -> None:
    without, young = Drift(None), Drift([5, 5])
    for _ in range(MIN_STUDIES - 1):
        without.observe(0.5)
        young.observe(0.5)
    assert (without.state, young.state) == (State.NO_REFERENCE, State.TOO_FEW)
    assert math.isnan(without.psi)
    assert math.isnan(young.psi)
