from engines.restart_policy import RestartPolicy, Restarts

POLICY = RestartPolicy(first_delay_s=1.0, longest_delay_s=5.0, deaths=4, window_s=100.0)


def test_the_wait_doubles_up_to_its_limit() -> None:
    restarts = Restarts(POLICY)

    assert [restarts.delay_s(now_s) for now_s in (0.0, 1.0, 2.0, 3.0)] == [1.0, 2.0, 4.0, 5.0]
    assert restarts.count == 4


def test_one_death_too_many_within_the_window_is_the_end() -> None:
    restarts = Restarts(POLICY)
    for now_s in range(4):
        restarts.delay_s(float(now_s))

    assert restarts.delay_s(50.0) is None
    assert restarts.count == 4


def test_old_deaths_are_forgotten() -> None:
    restarts = Restarts(POLICY)
    for now_s in range(4):
        restarts.delay_s(float(now_s))

    assert restarts.delay_s(500.0) == 1.0
