"""The sliding window: how many hits it lets through, and how long it asks to wait."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.rate_limits.sliding_window import SlidingWindow

START_S = 1_700_000_000.0
LENGTH_S = 60
EPSILON_S = 1e-3

limits = st.integers(1, 40)
gaps_s = st.lists(st.floats(0, 90), max_size=120)


def hit_after(window: SlidingWindow, gaps: list[float]) -> list[float]:
    """Try a hit after each gap; the times of those that were let through."""
    now_s, passed = START_S, []
    for gap_s in gaps:
        now_s += gap_s
        if not window.wait_s(now_s):
            window.hit(now_s)
            passed.append(now_s)
    return passed


@given(limits)
def test_a_burst_gets_exactly_the_limit(limit: int) -> None:
    assert len(hit_after(SlidingWindow(limit, LENGTH_S), [0.0] * (limit + 5))) == limit


@given(limits, gaps_s)
def test_what_was_let_through_is_never_counted_as_too_much(limit: int, gaps: list[float]) -> None:
    window = SlidingWindow(limit, LENGTH_S)
    now_s = START_S
    for gap_s in gaps:
        now_s += gap_s
        if not window.wait_s(now_s):
            window.hit(now_s)
        assert not window.is_exceeded(now_s)


@given(limits, gaps_s)
def test_no_two_neighbouring_windows_let_through_more_than_twice_the_limit(limit: int, gaps: list[float]) -> None:
    passed = hit_after(SlidingWindow(limit, LENGTH_S), gaps)
    for start_s in passed:
        assert sum(start_s <= at_s < start_s + LENGTH_S for at_s in passed) < 2 * limit + 1
    assert all(passed.count(at_s) <= limit for at_s in passed)


@given(limits, gaps_s)
def test_the_wait_is_the_truth(limit: int, gaps: list[float]) -> None:
    """A hit after the wait passes, one before it does not."""
    window = SlidingWindow(limit, LENGTH_S)
    now_s = START_S + sum(gaps)
    hit_after(window, gaps)
    while not window.wait_s(now_s):
        window.hit(now_s)
    wait_s = window.wait_s(now_s)
    assert 0 < wait_s <= 2 * LENGTH_S
    if wait_s > EPSILON_S:
        assert window.wait_s(now_s + wait_s - EPSILON_S) > 0
    assert window.wait_s(now_s + wait_s + EPSILON_S) == 0


@given(limits, st.lists(st.floats(-7200, 7200), max_size=30))
def test_a_clock_that_jumps_locks_nobody_out(limit: int, jumps_s: list[float]) -> None:
    window = SlidingWindow(limit, LENGTH_S)
    now_s = START_S
    for jump_s in jumps_s:
        now_s += jump_s
        if not window.wait_s(now_s):
            window.hit(now_s)
        assert window.wait_s(now_s) <= 2 * LENGTH_S


@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50))
def test_counts_of_others_are_taken_over_and_own_ones_never_lost(own: int, total: int, before: int) -> None:
    window = SlidingWindow(100, LENGTH_S)
    window.wait_s(START_S)
    for _ in range(own):
        window.hit(START_S)
    window.merge(window.number, total, before)
    assert (window.current, window.previous) == (max(own, total), before)
    window.merge(window.number - 7, 1000, 1000)
    assert window.current == max(own, total), "a window that has ended long ago counts no more"


def test_counts_of_others_that_come_after_the_end_of_their_window_are_those_before() -> None:
    window = SlidingWindow(10, LENGTH_S)
    window.wait_s(START_S)
    window.merge(window.number - 1, 100, 0)
    assert (window.current, window.previous) == (0, 100)
    assert window.wait_s(START_S) > 0
