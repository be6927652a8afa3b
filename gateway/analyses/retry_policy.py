"""Retry policy: whether an analysis whose attempt failed is tried again, and after what pause."""

import random
from collections import Counter
from collections.abc import Sequence
from typing import Final

from gateway.analyses.store.attempts import HANDED_BACK, WORKER_LOST
from gateway.errors import StorageFull

# Together 8 minutes: a Triton that compiles its networks anew for a GPU takes several.
PAUSES_S: Final = (2.0, 5.0, 15.0, 60.0, 120.0, 300.0)
FULL_DISK_PAUSE_S: Final = 60.0
JITTER: Final = 0.25  # of a pause: analyses that failed together do not come back together
UNCOUNTED: Final = (HANDED_BACK, WORKER_LOST, StorageFull.code)  # as transient failures
MAX_WORKERS_LOST: Final = 3  # a study that crashes its worker fails then; three unrelated kills of one are unlikely


def full_disk_pause_s() -> float:
    """Seconds until the next attempt after a full disk: the service refuses uploads, so it waits for its operator."""
    return FULL_DISK_PAUSE_S * random.uniform(1.0, 1.0 + JITTER)


def pause_s(error: str, earlier: Sequence[str]) -> float | None:
    """Seconds until the next attempt after `error`; None when the analysis fails for good.

    `earlier` are the errors of earlier attempts. A release by a worker that shuts down never counts,
    and neither does a full disk.
    """
    ended = Counter(earlier)
    if error == HANDED_BACK:
        return 0.0
    if error == WORKER_LOST:
        return 0.0 if ended[WORKER_LOST] < MAX_WORKERS_LOST else None
    tries = ended.total() - sum(ended[code] for code in UNCOUNTED)
    return PAUSES_S[tries] * random.uniform(1.0, 1.0 + JITTER) if tries < len(PAUSES_S) else None
