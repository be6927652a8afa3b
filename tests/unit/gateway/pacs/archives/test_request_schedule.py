"""Requests are spaced evenly, and wait for the hours of the day."""

from datetime import datetime, time, timedelta

import pytest

from gateway.pacs.archives.request_schedule import RequestSchedule

NIGHT = (time(20, 0), time(6, 0))


class Clock:
    """A wall clock that moves only by sleeping."""

    def __init__(self, start: str) -> None:
        self.moment = datetime.fromisoformat(f"2026-11-27T{start}+01:00")
        self.slept_s: list[float] = []

    def now(self) -> datetime:
        return self.moment

    async def sleep(self, seconds: float) -> None:
        self.slept_s.append(seconds)
        self.moment += timedelta(seconds=seconds)


async def test_requests_are_spaced_evenly() -> None:
    clock = Clock("12:00")
    schedule = RequestSchedule("60 per minute", None, clock.now, clock.sleep)
    for _ in range(4):
        await schedule.turn()
    assert [round(slept_s) for slept_s in clock.slept_s] == [1, 2, 3], "the loop's own clock does not move here"


@pytest.mark.parametrize(
    ("hours", "now", "closed_for_h"),
    [
        (None, "12:00", 0),
        (NIGHT, "20:00", 0),
        (NIGHT, "23:59", 0),
        (NIGHT, "05:59", 0),
        (NIGHT, "06:00", 14),
        (NIGHT, "12:00", 8),
        ((time(9, 0), time(17, 0)), "08:00", 1),
        ((time(9, 0), time(17, 0)), "17:00", 16),
        ((time(0, 0), time(0, 0)), "12:00", 0),
    ],
)
def test_hours_may_span_midnight(hours: tuple[time, time] | None, now: str, closed_for_h: float) -> None:
    assert RequestSchedule("1 per second", hours, Clock(now).now).closed_for_s() == closed_for_h * 3600


async def test_a_request_waits_until_the_hours_begin() -> None:
    clock = Clock("19:58")
    await RequestSchedule("1 per second", NIGHT, clock.now, clock.sleep).turn()
    assert clock.moment.time() == time(20, 0)
    assert max(clock.slept_s) <= 60, "it looks at the clock again, which may have been set"
