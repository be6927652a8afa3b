"""Sealing looks for events often while this process writes some, and rarely for those of killed processes."""

import asyncio
from typing import Any

import pytest

from gateway.audit import sealing
from gateway.audit.last_write import LastWrite
from gateway.audit.sealing import EVERY_S, OTHERS_EVERY_S, Sealer


@pytest.mark.parametrize(("writes", "pauses"), [(True, 1), (False, round(OTHERS_EVERY_S / EVERY_S))])
async def test_the_pause_between_looks(writes: bool, pauses: int, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    monkeypatch.setattr(sealing, "LAST_WRITE", last := LastWrite())
    if writes:
        last.note()
    database: Any = None
    await Sealer(database)._until_a_look_is_due()
    assert slept == [EVERY_S] * pauses
