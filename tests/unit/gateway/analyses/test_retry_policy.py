"""Which errors are retried, how often, and after what pause."""

import pytest

from gateway.analyses.retry_policy import JITTER, MAX_WORKERS_LOST, PAUSES_S, pause_s
from gateway.analyses.store.attempts import HANDED_BACK, WORKER_LOST


def test_pauses_grow_and_end() -> None:
    earlier: list[str] = []
    for expected_s in PAUSES_S:
        pause = pause_s("engine_unavailable", earlier)
        assert pause is not None
        assert expected_s <= pause <= expected_s * (1 + JITTER)
        earlier.append("engine_unavailable")
    assert pause_s("engine_unavailable", earlier) is None


def test_a_study_that_crashes_its_workers_fails() -> None:
    assert pause_s(WORKER_LOST, [WORKER_LOST] * (MAX_WORKERS_LOST - 1)) == 0.0
    assert pause_s(WORKER_LOST, [WORKER_LOST] * MAX_WORKERS_LOST) is None


@pytest.mark.parametrize("lease_end", [HANDED_BACK, WORKER_LOST])
def test_lost_and_released_leases_do_not_count_as_engine_errors(lease_end: str) -> None:
    assert pause_s("engine_deadline", [lease_end] * 100) is not None


def test_releases_are_never_limited() -> None:
    assert pause_s(HANDED_BACK, [HANDED_BACK] * 100) == 0.0
