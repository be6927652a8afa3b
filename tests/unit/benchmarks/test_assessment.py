"""The knee of made curves, growth of made memories, and judgements that can fail."""

import pytest

from benchmarks.bench.assessment import advice_for, doubled, grown_share, growth_of, knee_of
from benchmarks.bench.results import Aim, Level, Moment


def curve(**studies_per_minute: float) -> list[Level]:
    """Levels by `n1=60.0, n2=110.0`."""
    return [
        Level(
            callers=int(name[1:]),
            studies_per_minute=rate,
            p50_s=None,
            p95_s=None,
            p99_s=None,
            screened=1,
            refused=0,
            failed=0,
        )
        for name, rate in studies_per_minute.items()
    ]


def line(mib_per_h: float, start_mib: float = 400.0, minutes: int = 30) -> list[Moment]:
    return [
        Moment(at_s=60.0 * minute, mib={"gateway": start_mib + mib_per_h * minute / 60, "triton": 500.0})
        for minute in range(minutes)
    ]


@pytest.mark.parametrize(
    ("levels", "knee", "levels_off"),
    [
        (curve(n1=100, n2=180, n4=200, n8=205, n16=203), 4, True),  # 4 is within 10 % of all that is beyond
        (curve(n1=100, n2=105, n4=99), 1, True),  # one caller fills it
        (curve(n1=100, n2=190, n4=360), 4, False),  # still growing: the last is all that is known
        (curve(n1=100, n2=100, n4=150, n8=151), 4, True),  # a dip is no knee
        (curve(n1=100, n2=108, n4=116, n8=124), 4, True),  # each step is small, all of them are not
        (curve(n8=205, n1=100, n4=200, n2=180), 4, True),  # in any order
    ],
)
def test_the_knee_is_the_smallest_number_that_no_larger_one_exceeds_by_a_tenth(
    levels: list[Level], knee: int, levels_off: bool
) -> None:
    found, off = knee_of(levels)
    assert (found.callers, off) == (knee, levels_off)


@pytest.mark.parametrize("levels", [[], curve(n1=0.0, n2=0.0)])
def test_a_service_that_did_nothing_has_no_knee(levels: list[Level]) -> None:
    with pytest.raises(ValueError, match="no knee"):
        knee_of(levels)


@pytest.mark.parametrize("slope", [0.0, 120.0, -60.0])
def test_the_slope_is_that_of_the_line(slope: float) -> None:
    gateway = next(one for one in growth_of(line(slope)) if one.role == "gateway")
    assert gateway.slope_mib_per_h == pytest.approx(slope, abs=1e-6)
    assert gateway.last_mib - gateway.first_mib == pytest.approx(slope * 24 / 60)  # from minute 2.5 to 26.5


def test_growth_counts_all_roles_together_and_a_role_that_comes_late() -> None:
    memory = [
        *line(0.0, minutes=10),
        *(Moment(at_s=600.0 + at, mib={"gateway": 400.0, "triton": 500.0, "decode workers": 90.0}) for at in range(10)),
    ]
    assert grown_share(growth_of(memory)) == pytest.approx(0.1)


def test_memory_that_nobody_looked_at_has_no_growth_and_misses_its_aim() -> None:
    assert grown_share(growth_of(line(0.0, minutes=4))) is None
    assert not Aim(name="growth", value=None, sense="at most", limit=5).held


@pytest.mark.parametrize(
    ("value", "sense", "held"),
    [(1.0, "at most", True), (1.01, "at most", False), (1.0, "at least", True), (0.99, "at least", False)],
)
def test_an_aim_is_held_up_to_its_limit(value: float, sense: str, held: bool) -> None:
    assert Aim.model_validate({"name": "x", "value": value, "sense": sense, "limit": 1.0}).held is held


def test_the_advice_shortens_the_wait_as_much_as_the_answers_are_late() -> None:
    advice = advice_for(p95_s=3.0, wanted_s=2.0, busy_after_s=1.2)
    assert advice.busy_after_now_s == 1.2
    assert advice.busy_after_then_s == pytest.approx(0.8)


def test_callers_double() -> None:
    assert doubled(32) == (1, 2, 4, 8, 16, 32)
    assert doubled(20) == (1, 2, 4, 8, 16)
