"""The number of uploads at once follows what the gateway accepts."""

import asyncio

from gateway.mass_runs.remote.concurrency_window import START, ConcurrencyWindow


def test_it_doubles_until_refused_and_then_grows_by_one_a_round() -> None:
    window = ConcurrencyWindow(16)
    assert window.size == START
    for _ in range(START):
        window.accepted()
    assert window.size == 2 * START
    window.refused(0)
    assert window.size == START
    for _ in range(START + 1):
        window.accepted()
    assert window.size == START + 1


def test_refusals_of_one_round_halve_once() -> None:
    window = ConcurrencyWindow(16)
    for _ in range(14):
        window.accepted()
    for _ in range(16):
        window.refused(0)
    assert window.size == 8


def test_it_stays_between_one_and_the_limit() -> None:
    window = ConcurrencyWindow(3)
    for _ in range(9):
        window.accepted()
    assert window.size == 3
    for round_ in range(9):
        window.refused(round_)
    assert window.size == 1


async def test_no_more_uploads_than_its_size_get_a_slot() -> None:
    window, inside, most = ConcurrencyWindow(8), 0, 0

    async def one() -> None:
        nonlocal inside, most
        async with window.slot():
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1

    await asyncio.gather(*(one() for _ in range(20)))
    assert most == START
