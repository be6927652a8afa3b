"""Whether an analysis that did not end in a report is tried again, and after what pause."""

import random
from collections import Counter
from collections.abc import Sequence
from typing import Final

from gateway.analyses.store.attempts import HANDED_BACK, WORKER_LOST

# Together 8 minutes: a Triton that compiles its networks anew for a GPU takes several.
PAUSES_S: Final = (2.0, 5.0, 15.0, 60.0, 120.0, 300.0)
SPREAD: Final = 0.25  # of a pause: what failed together does not come back together
WORKERS_LOST: Final = 3  # a study that kills its worker is given up; three deaths of innocent ones are unlikely


def pause_s(error: str, earlier: Sequence[str]) -> float | None:
    """Seconds until the next attempt; None when `error` has come too often, with what `earlier` attempts ended in.

    A worker that stops in order hands its analysis back as often as it likes: nothing is wrong with the study.
    """
    ended = Counter(earlier)
    if error == HANDED_BACK:
        return 0.0
    if error == WORKER_LOST:
        return 0.0 if ended[WORKER_LOST] < WORKERS_LOST else None
    tries = ended.total() - ended[HANDED_BACK] - ended[WORKER_LOST]
    return PAUSES_S[tries] * random.uniform(1.0, 1.0 + SPREAD) if tries < len(PAUSES_S) else None
