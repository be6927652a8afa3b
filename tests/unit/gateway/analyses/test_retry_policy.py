"""What is tried again, how often, and when."""

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


def test_a_study_whose_workers_die_is_given_up() -> None:
    assert pause_s(WORKER_LOST, [WORKER_LOST] * (MAX_WORKERS_LOST - 1)) == 0.0
    assert pause_s(WORKER_LOST, [WORKER_LOST] * MAX_WORKERS_LOST) is None


@pytest.mark.parametrize("innocent", [HANDED_BACK, WORKER_LOST])
def test_what_workers_do_does_not_count_against_the_engine(innocent: str) -> None:
    assert pause_s("engine_deadline", [innocent] * 100) is not None


def test_a_worker_hands_back_as_often_as_it_likes() -> None:
    assert pause_s(HANDED_BACK, [HANDED_BACK] * 100) == 0.0
