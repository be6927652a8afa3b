"""The parts of a run in their order, with the time that each may take."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.gpu.providers import PROVIDERS, SERVED, Provider


@dataclass(frozen=True)
class Task:
    """One part with one provider, which is stopped after `limit_s`."""

    part: str
    provider: Provider
    limit_s: float


# Seconds of a part with one provider. For the two default ones they are more than the 12 minutes of a run in all: only
# where several parts take their whole time, the last ones have less than theirs.
LIMITS_S: Final = {
    "build": 180.0,
    "parity": 40.0,
    "throughput": 50.0,
    "floor": 40.0,
    "verdicts": 60.0,
    "end_to_end": 50.0,
    "service": 90.0,
}
OF_THE_GATEWAY: Final = ("verdicts",)  # compared with what a CPU serves, which is run as well


def tasks_of(providers: Sequence[str], parts: Sequence[str]) -> tuple[Task, ...]:
    """Every part with every provider, part by part, so that a run that ends early has the same of all of them."""
    return tuple(
        Task(part, provider, LIMITS_S[part])
        for part in LIMITS_S
        if part in parts
        for provider in (*([SERVED] if part in OF_THE_GATEWAY else []), *(PROVIDERS[name] for name in providers))
    )
