"""Twice as many callers every minute, until one more brings nothing: the knee."""

from typing import ClassVar

from locust import LoadTestShape


class Stages(LoadTestShape):
    """1, 2, 4, 8, 16 and 32 callers, each number for a minute."""

    stage_s: ClassVar[float] = 60.0
    callers: ClassVar[tuple[int, ...]] = (1, 2, 4, 8, 16, 32)

    def tick(self) -> tuple[int, float] | None:
        """How many there shall be now, and how many to start a second; None ends the test."""
        stage = int(self.get_run_time() // self.stage_s)  # type: ignore[no-untyped-call] # Locust left it untyped
        if stage >= len(self.callers):
            return None
        return self.callers[stage], float(self.callers[stage])
