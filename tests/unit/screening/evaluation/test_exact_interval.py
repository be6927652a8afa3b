"""Exact intervals against the binomial distribution that they are defined by."""

import pytest
from scipy.stats import binom

from screening.evaluation.exact_interval import exact_interval


@pytest.mark.parametrize(("found", "patients"), [(1, 7), (5, 19), (18, 19), (24, 48)])
def test_the_bounds_leave_a_fortieth_on_each_side(found: int, patients: int) -> None:
    interval = exact_interval(found / patients, patients)
    assert binom.sf(found - 1, patients, interval.low) == pytest.approx(0.025, rel=1e-4)
    assert binom.cdf(found, patients, interval.high) == pytest.approx(0.025, rel=1e-4)
    assert interval.low < found / patients < interval.high


@pytest.mark.parametrize("patients", [1, 3, 19, 300])
def test_all_or_none_has_a_width(patients: int) -> None:
    everyone, nobody = exact_interval(1.0, patients), exact_interval(0.0, patients)
    assert (everyone.high, nobody.low) == (1.0, 0.0)
    assert everyone.low == pytest.approx(0.025 ** (1 / patients))
    assert nobody.high == pytest.approx(1 - 0.025 ** (1 / patients))


def test_nobody_was_counted() -> None:
    assert (exact_interval(0.5, 0).low, exact_interval(0.5, 0).high) == (0.0, 1.0)
