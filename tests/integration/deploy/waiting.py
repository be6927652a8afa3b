"""Waiting for what another process does."""

import time
from collections.abc import Callable

PATIENCE_S = 60.0


def until(true: Callable[[], bool], why_not: Callable[[], str] = lambda: "", patience_s: float = PATIENCE_S) -> None:
    """Wait for a condition; fail, with what `why_not` tells, when it does not come."""
    end_s = time.monotonic() + patience_s
    while not true():
        assert time.monotonic() < end_s, f"it did not come true in time\n{why_not()}"
        time.sleep(0.1)
