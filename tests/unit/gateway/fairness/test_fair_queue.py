"""The fair queue: with any mix of arrivals nobody waits for more than a bounded number of others' turns."""

from hypothesis import given

from gateway.fairness.fair_queue import URGENT_PER_ROUTINE, FairQueue
from gateway.fairness.party import Party
from gateway.fairness.wait_bound import turns_before
from tests.unit.gateway.fairness.arrivals import PARTIES, STEPS, WEIGHTS, Arrival, Waited, check_bound

ALPHA, OTHER_OF_ALPHA, _, BETA, GAMMA, _ = PARTIES


@given(steps=STEPS)
def test_any_mix_of_arrivals_waits_for_a_bounded_number_of_turns(
    steps: list[int | tuple[Party, bool, int]],
) -> None:
    queue: FairQueue[Arrival] = FairQueue(WEIGHTS)
    taken: list[Arrival] = []
    waiting: dict[Arrival, tuple[int, int]] = {}  # its own before it, and how many turns had been taken
    number = 0

    def take() -> None:
        first = queue.first()
        arrival = queue.take()
        assert arrival is first
        own_before, at = waiting.pop(arrival)
        check_bound(Waited(arrival, own_before, taken[at:]))
        taken.append(arrival)

    for step in steps:
        if isinstance(step, int):
            for _ in range(min(step, len(waiting))):
                take()
            continue
        party, urgent, several = step
        for _ in range(several):
            number += 1
            arrival = Arrival(party, urgent, number)
            own = sum(one.party == party and one.urgent == urgent for one in waiting)
            waiting[arrival] = own, len(taken)
            queue.add(party, arrival, urgent=urgent)
    while queue:
        take()
    assert not waiting
    assert len(taken) == number


@given(steps=STEPS)
def test_the_turns_before_a_new_one_are_not_underestimated(steps: list[int | tuple[Party, bool, int]]) -> None:
    """Of one class, and without later arrivals: what admission expects of a new upload."""
    queue: FairQueue[tuple[Party, int]] = FairQueue(WEIGHTS)
    counts: dict[Party, int] = {}
    for step in steps:
        if isinstance(step, int):
            for _ in range(min(step, sum(counts.values()))):
                counts[queue.take()[0]] -= 1
        else:
            for _ in range(step[2]):
                queue.add(step[0], (step[0], 0))
                counts[step[0]] = counts.get(step[0], 0) + 1
    expected = turns_before(BETA, {party: count for party, count in counts.items() if count}, WEIGHTS)
    queue.add(BETA, (BETA, 1))
    before = 0
    while queue.take() != (BETA, 1):
        before += 1
    assert before <= expected


def test_one_urgent_scan_after_sixty_of_another_institution_is_next() -> None:
    queue: FairQueue[str] = FairQueue()
    for number in range(60):
        queue.add(ALPHA, f"alpha {number}", urgent=True)
    queue.take()
    queue.add(BETA, "beta", urgent=True)
    assert queue.take() == "beta"


def test_a_colleague_waits_for_one_turn_of_a_crowd_of_the_same_institution() -> None:
    queue: FairQueue[str] = FairQueue()
    for number in range(60):
        queue.add(ALPHA, f"alpha {number}")
    queue.take()
    queue.add(OTHER_OF_ALPHA, "colleague")
    queue.add(BETA, "beta")
    assert [queue.take() for _ in range(3)] == ["beta", "colleague", "alpha 1"]


def test_weights_are_turns_in_each_round() -> None:
    queue: FairQueue[str] = FairQueue(WEIGHTS)
    for _ in range(40):
        queue.add(BETA, "beta")
        queue.add(GAMMA, "gamma")
    assert [queue.take() for _ in range(40)].count("gamma") == 30


def test_urgent_ones_are_before_routine_ones_that_still_have_a_turn_in_ten() -> None:
    queue: FairQueue[str] = FairQueue()
    for _ in range(40):
        queue.add(ALPHA, "urgent", urgent=True)
        queue.add(ALPHA, "routine")
    order = [queue.take() for _ in range(20)]
    assert order == (["urgent"] * URGENT_PER_ROUTINE + ["routine"]) * 2


def test_who_was_idle_has_no_credit() -> None:
    queue: FairQueue[str] = FairQueue()
    for _ in range(10):
        queue.add(ALPHA, "alpha")
        queue.take()
    for _ in range(10):
        queue.add(ALPHA, "alpha")
        queue.add(BETA, "beta")
    assert [queue.take() for _ in range(6)] == ["beta", "alpha"] * 3


def test_an_item_is_removed_once() -> None:
    queue: FairQueue[str] = FairQueue()
    queue.add(ALPHA, "one", urgent=True)
    assert queue.remove(ALPHA, "one")
    assert not queue.remove(ALPHA, "one")
    assert not queue
