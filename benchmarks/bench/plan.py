"""The plan of a run: its parts in order, their durations, and the studies."""

from pathlib import Path
from typing import Final

from benchmarks.bench.results import Frozen

PARTS: Final = ("limit", "stages", "ward", "browsing", "grpc", "overload", "soak", "limit_again")
NEED_STAGES: Final = frozenset({"overload", "soak"})
LIMIT_S: Final = 15.0
START_S: Final = 20.0
CHOICES: Final = ("stages", "ward", "browsing", "grpc", "soak", "overload", "limit")


class Plan(Frozen):
    """Durations are in seconds. Runs with the same plan can be combined."""

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
        """The approximate duration of the run."""
        return START_S + sum(self.of(part) for part in self.parts)

    def of(self, part: str) -> float:
        """The approximate duration of a part."""
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
    """The parts in their order; parts that overload and soak need are added. Raises ValueError for an unknown one."""
    if unknown := set(names) - set(CHOICES):
        raise ValueError(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(CHOICES)}")
    wanted = set(names or CHOICES)
    wanted |= {"stages"} if wanted & NEED_STAGES else set()
    wanted |= {"limit_again"} if "limit" in wanted else set()
    return tuple(part for part in PARTS if part in wanted)


def default_folder(day: str, short: bool) -> Path:
    """The default folder, by date, so that an interrupted run of the same day is found again."""
    return Path("turnstile-bench") / (f"{day}-short" if short else day)
