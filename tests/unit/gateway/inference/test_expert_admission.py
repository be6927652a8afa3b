"""Admission to the 3D expert: one study at a time in order of arrival, and no wait beyond the study's deadline."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from gateway.inference.engine import Deadline
from gateway.inference.expert_admission import ExpertAdmission
from screening.errors import EngineDeadline


async def test_studies_take_turns_in_order_of_arrival() -> None:
    admission, order, at_once = ExpertAdmission(1, 9), [], 0

    async def look(number: int) -> None:
        nonlocal at_once
        async with admission.turn(Deadline.after(60)):
            at_once += 1
            assert at_once == 1
            order.append(number)
            await asyncio.sleep(0)
            at_once -= 1

    await asyncio.gather(*(look(number) for number in range(8)))
    assert order == list(range(8))


async def test_a_study_whose_time_is_over_waits_no_longer_and_gives_its_turn_back() -> None:
    admission = ExpertAdmission(1, 0)
    async with admission.turn(Deadline.after(60)):
        with pytest.raises(EngineDeadline):
            async with admission.turn(Deadline.after(0.01)):
                raise AssertionError("two studies at once")
    async with admission.turn(Deadline.after(60)):
        pass


async def test_places_are_those_at_once_and_those_that_wait() -> None:
    admission = ExpertAdmission(2, 3)
    async with AsyncExitStack() as held:
        for _ in range(5):
            await held.enter_async_context(admission.place(Deadline.after(60)))
        with pytest.raises(EngineDeadline):
            await held.enter_async_context(admission.place(Deadline.after(0.01)))
    async with admission.place(Deadline.after(60)):
        pass
