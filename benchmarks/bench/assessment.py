"""Calculations without I/O: the knee of a curve, the growth of memory, advice for `busy_after_s`."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np

from benchmarks.bench.results import Advice, Growth, Level, Moment

GAIN = 0.10  # less is within what one run differs from the next
FIFTH = 5


def knee_of(levels: Sequence[Level]) -> tuple[Level, bool]:
    """The smallest number of callers whose throughput no larger one exceeds by 10 %, and if a larger was tried.

    Beyond it more callers wait, and no more studies are done. Raises ValueError when no study was screened at all.
    """
    ordered = sorted(levels, key=lambda level: level.callers)
    if not ordered or max(level.studies_per_minute for level in ordered) <= 0:
        raise ValueError("no study was screened at any number of callers: there is no knee")
    for place, level in enumerate(ordered):
        beyond = ordered[place + 1 :]
        if all(more.studies_per_minute < (1 + GAIN) * level.studies_per_minute for more in beyond):
            return level, bool(beyond)
    raise AssertionError("unreachable: nothing lies beyond the last")


def growth_of(memory: Sequence[Moment]) -> tuple[Growth, ...]:
    """Growth of every role, and of all together (`all`); empty with fewer than five moments."""
    if len(memory) < FIFTH:
        return ()
    at_s = [moment.at_s for moment in memory]
    roles = sorted({role for moment in memory for role in moment.mib})
    lines = {role: [moment.mib.get(role, 0.0) for moment in memory] for role in roles}
    lines["all"] = [sum(moment.mib.values()) for moment in memory]
    return tuple(_growth(role, at_s, mib) for role, mib in lines.items())


def grown_share(growth: Sequence[Growth]) -> float | None:
    """The growth of the total memory, as a share; None without samples."""
    whole = next((one for one in growth if one.role == "all"), None)
    return None if whole is None else whole.last_mib / whole.first_mib - 1


def advice_for(p95_s: float, wanted_s: float, busy_after_s: float) -> Advice:
    """The `busy_after_s` for a wanted p95 of accepted studies, which is proportional to it."""
    return Advice(busy_after_now_s=busy_after_s, busy_after_then_s=busy_after_s * wanted_s / p95_s)


def steady(memory: Sequence[Moment], begin_s: float, end_s: float) -> list[Moment]:
    """The samples of this time."""
    return [moment for moment in memory if begin_s <= moment.at_s < end_s]


def doubled(most: int) -> tuple[int, ...]:
    """1, 2, 4 ... up to `most`."""
    return tuple(2**power for power in range(most.bit_length()) if 2**power <= most)


def spans(begin_s: float, each_s: float, count: int) -> list[tuple[float, float]]:
    """`count` consecutive spans of time."""
    edges = [begin_s + each_s * number for number in range(count + 1)]
    return list(pairwise(edges))


def total(outcomes: Mapping[str, int], *right: str) -> int:
    """The number of responses of other kinds."""
    return sum(count for outcome, count in outcomes.items() if outcome not in right)


def _growth(role: str, at_s: Sequence[float], mib: Sequence[float]) -> Growth:
    fifth = max(1, len(mib) // FIFTH)
    slope = float(np.polyfit(at_s, mib, 1)[0])
    first, last = float(np.median(mib[:fifth])), float(np.median(mib[-fifth:]))
    return Growth(role=role, first_mib=first, last_mib=last, slope_mib_per_h=3600 * slope)
