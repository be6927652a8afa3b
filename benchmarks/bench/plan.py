"""What a run does: its parts in order, how long each takes, and on which studies."""

from pathlib import Path
from typing import Final

from benchmarks.bench.results import Frozen

PARTS: Final = ("limit", "stages", "ward", "browsing", "grpc", "overload", "soak", "limit_again")
NEED_STAGES: Final = frozenset({"overload", "soak"})
LIMIT_S: Final = 15.0
START_S: Final = 20.0
CHOICES: Final = ("stages", "ward", "browsing", "grpc", "soak", "overload", "limit")


class Plan(Frozen):
    """Durations are in seconds. Two runs of one plan can be told as one."""

    parts: tuple[str, ...]
    studies: tuple[str, ...]
    model_card: str
    where: str
    """`its own`, or the address of a service that runs already."""
    short: bool
    most_callers: int = 32
    stage_s: float = 60.0
    ward_s: float = 60.0
    ward_callers: int = 4
    browsing_s: float = 60.0
    browsing_callers: int = 8
    grpc_s: float = 96.0
    overload_s: float = 300.0
    recovery_s: float = 40.0
    soak_s: float = 1800.0
    limit_studies: int = 40

    @property
    def seconds(self) -> float:
        """About how long all of it takes."""
        return START_S + sum(self.of(part) for part in self.parts)

    def of(self, part: str) -> float:
        """About how long a part takes."""
        times = {
            "limit": LIMIT_S,
            "stages": self.most_callers.bit_length() * self.stage_s,
            "ward": self.ward_s,
            "browsing": self.browsing_s,
            "grpc": self.grpc_s,
            "overload": self.overload_s + self.recovery_s,
            "soak": self.soak_s,
            "limit_again": LIMIT_S,
        }
        return times[part]


SHORT: Final = {
    "most_callers": 8,
    "stage_s": 10.0,
    "ward_s": 15.0,
    "browsing_s": 8.0,
    "grpc_s": 16.0,
    "overload_s": 30.0,
    "recovery_s": 22.0,
    "soak_s": 30.0,
    "limit_studies": 10,
}


def chosen(names: list[str]) -> tuple[str, ...]:
    """The parts in their order; what overload and soak need comes along. Raises ValueError for an unknown one."""
    if unknown := set(names) - set(CHOICES):
        raise ValueError(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(CHOICES)}")
    wanted = set(names or CHOICES)
    wanted |= {"stages"} if wanted & NEED_STAGES else set()
    wanted |= {"limit_again"} if "limit" in wanted else set()
    return tuple(part for part in PARTS if part in wanted)


def default_folder(day: str, short: bool) -> Path:
    """Where a day's run is kept, and found again when it was interrupted."""
    return Path("turnstile-bench") / (f"{day}-short" if short else day)
