"""Doubles the number of users at every stage, to find the knee of the throughput."""

import os
from typing import Final

from locust import LoadTestShape

STAGE_S: Final = float(os.environ.get("TURNSTILE_BENCH_STAGE_S", "60"))
CALLERS: Final = tuple(map(int, os.environ.get("TURNSTILE_BENCH_STAGES", "1,2,4,8,16,32").split(",")))


class Stages(LoadTestShape):
    """By default 1, 2, 4, 8, 16 and 32 users, each number for a minute."""

    def tick(self) -> tuple[int, float] | None:
        """The number of users now, and how many to start a second; None ends the test."""
        stage = int(self.get_run_time() // STAGE_S)  # type: ignore[no-untyped-call] # Locust left it untyped
        if stage >= len(CALLERS):
            return None
        return CALLERS[stage], float(CALLERS[stage])
