"""How many uploads are under way follows what the gateway takes."""

import asyncio

from gateway.mass_runs.remote.concurrency_window import START, Window


def test_it_doubles_until_refused_and_then_grows_by_one_a_round() -> None:
    window = Window(16)
    assert window.size == START
    for _ in range(START):
        window.taken()
    assert window.size == 2 * START
    window.refused(0)
    assert window.size == START
    for _ in range(START + 1):
        window.taken()
    assert window.size == START + 1


def test_those_sent_together_and_refused_together_halve_once() -> None:
    window = Window(16)
    for _ in range(14):
        window.taken()
    for _ in range(16):
        window.refused(0)
    assert window.size == 8


def test_it_stays_between_one_and_the_most() -> None:
    window = Window(3)
    for _ in range(9):
        window.taken()
    assert window.size == 3
    for round_ in range(9):
        window.refused(round_)
    assert window.size == 1


async def test_no_more_than_its_size_hold_a_place() -> None:
    window, inside, most = Window(8), 0, 0

    async def one() -> None:
        nonlocal inside, most
        async with window.place():
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1

    await asyncio.gather(*(one() for _ in range(20)))
    assert most == START
