"""The connection table: whoever floods it, a new client is served as long as one connection waits for a request."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from gateway.http.server.connection_table import ConnectionTable

MOST, PER_ADDRESS = 6, 3


@dataclass(eq=False)
class FakeConnection:
    """Remembers whether it was closed for another one."""

    address: str
    closed: bool = False

    def close_waiting(self) -> None:
        self.closed = True


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["open", "open", "open", "serve", "wait", "close"]), st.sampled_from("abp"), st.integers(0, 9)
    ),
    max_size=80,
)


@given(STEPS)
def test_limits_hold_and_no_request_in_progress_is_closed(steps: list[tuple[str, str, int]]) -> None:
    table = ConnectionTable(MOST, PER_ADDRESS)
    opened: list[FakeConnection] = []
    busy: set[FakeConnection] = set()
    for step, address, number in steps:
        alive = [connection for connection in opened if not connection.closed]
        if step == "open":
            connection = FakeConnection(address)
            of_address = [one for one in alive if one.address == address]
            full = (address != "p" and len(of_address) >= PER_ADDRESS, len(alive) >= MOST)
            possible = not (full[0] and set(of_address) <= busy) and not (full[1] and set(alive) <= busy)
            assert table.add(connection, address, shared=address == "p") is possible
            opened += [connection] if possible else []
        elif alive:
            connection = alive[number % len(alive)]
            if step == "serve":
                table.serve(connection)
                busy.add(connection)
            elif step == "wait":
                table.wait(connection)
                busy.discard(connection)
            else:
                table.remove(connection)
                busy.discard(connection)
                opened.remove(connection)
        assert not any(connection.closed for connection in busy)
        alive = [connection for connection in opened if not connection.closed]
        assert len(table) == len(alive) <= MOST
        for address_ in "ab":
            assert sum(connection.address == address_ for connection in alive) <= PER_ADDRESS


def test_the_one_that_waited_longest_goes_first() -> None:
    table = ConnectionTable(3, 3)
    first, second, third = (FakeConnection("a") for _ in range(3))
    for connection in (first, second, third):
        assert table.add(connection, "a")
    table.serve(first)
    table.wait(first)
    assert table.add(FakeConnection("a"), "a")
    assert [connection.closed for connection in (first, second, third)] == [False, True, False]


def test_a_flood_of_one_address_costs_the_others_nothing() -> None:
    table = ConnectionTable(6, 4)
    other = FakeConnection("b")
    assert table.add(other, "b")
    for _ in range(100):
        assert table.add(FakeConnection("a"), "a")
    assert table.add(FakeConnection("c"), "c")
    assert table.add(FakeConnection("d"), "d")
    assert not other.closed


def test_a_proxy_may_hold_more_than_one_address() -> None:
    table = ConnectionTable(6, 2)
    connections = [FakeConnection("proxy") for _ in range(6)]
    assert all(table.add(connection, "proxy", shared=True) for connection in connections)
    assert not any(connection.closed for connection in connections)


def test_removing_twice_counts_once() -> None:
    table = ConnectionTable(2, 2)
    connection = FakeConnection("a")
    table.add(connection, "a")
    table.remove(connection)
    table.remove(connection)
    table.wait(connection)
    assert len(table) == 0
