from engines.restart_policy import RestartHistory, RestartPolicy

POLICY = RestartPolicy(initial_delay_s=1.0, max_delay_s=5.0, max_exits=4, window_s=100.0)


def test_the_delay_doubles_up_to_its_limit() -> None:
    restarts = RestartHistory(POLICY)

    assert [restarts.delay_s(now_s) for now_s in (0.0, 1.0, 2.0, 3.0)] == [1.0, 2.0, 4.0, 5.0]
    assert restarts.count == 4


def test_one_exit_too_many_within_the_window_ends_the_restarts() -> None:
    restarts = RestartHistory(POLICY)
    for now_s in range(4):
        restarts.delay_s(float(now_s))

    assert restarts.delay_s(50.0) is None
    assert restarts.count == 4


def test_exits_before_the_window_do_not_count() -> None:
    restarts = RestartHistory(POLICY)
    for now_s in range(4):
        restarts.delay_s(float(now_s))

    assert restarts.delay_s(500.0) == 1.0
