"""Retry policy: how long a delivery, or a destination that does not answer, is left alone after a failure."""

import random
from typing import Final

# Of one delivery: 24 tries within a day. An archive that fails on it for a day needs a person.
PAUSES_S: Final = (15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1200.0, *[3600.0] * 16, 7200.0)
# Of a destination that does not answer: without an end, since it may be down for a weekend.
DOWN_PAUSES_S: Final = (5.0, 15.0, 30.0, 60.0, 120.0, 300.0)
JITTER: Final = 0.25  # of a pause: senders and deliveries that failed together do not come back together


def delivery_pause_s(failures: int) -> float | None:
    """Seconds until the next try of a delivery that failed so often before; None when it has failed for good."""
    return _jittered(PAUSES_S[failures]) if failures < len(PAUSES_S) else None


def destination_pause_s(failures: int) -> float:
    """Seconds until a destination is tried again that did not answer so often before."""
    return _jittered(DOWN_PAUSES_S[min(failures, len(DOWN_PAUSES_S) - 1)])


def _jittered(pause_s: float) -> float:
    return pause_s * random.uniform(1.0, 1.0 + JITTER)
