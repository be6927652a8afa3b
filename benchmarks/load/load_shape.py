"""Twice as many callers at every stage, until one more brings nothing: the knee."""

import os
from typing import Final

from locust import LoadTestShape

STAGE_S: Final = float(os.environ.get("TURNSTILE_BENCH_STAGE_S", "60"))
CALLERS: Final = tuple(map(int, os.environ.get("TURNSTILE_BENCH_STAGES", "1,2,4,8,16,32").split(",")))


class Stages(LoadTestShape):
    """1, 2, 4, 8, 16 and 32 callers, each number for a minute, unless told otherwise."""

    def tick(self) -> tuple[int, float] | None:
        """How many there shall be now, and how many to start a second; None ends the test."""
        stage = int(self.get_run_time() // STAGE_S)  # type: ignore[no-untyped-call] # Locust left it untyped
        if stage >= len(CALLERS):
            return None
        return CALLERS[stage], float(CALLERS[stage])
