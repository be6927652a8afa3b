"""The measured figures by part, as results.json has them. None means not measured."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

ORIGINAL_STUDY_S = 11.8  # the original's code on two cores, 64 slices, median of five warm runs


class Frozen(BaseModel):
    """An immutable model without extra fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Aim(Frozen):
    """A figure and its criterion. A missing figure does not meet it."""

    name: str
    value: float | None
    sense: Literal["at most", "at least"]
    limit: float
    unit: str = ""

    @property
    def held(self) -> bool:
        if self.value is None:
            return False
        return self.value <= self.limit if self.sense == "at most" else self.value >= self.limit


class Client(Frozen):
    """The CPU time of Locust itself."""

    cpu_s: float
    wall_s: float

    @property
    def cores(self) -> float:
        return self.cpu_s / self.wall_s


class LimitResult(Frozen):
    """ONNX Runtime alone: the same tensors, networks and threads, no server."""

    studies_per_minute: float
    slices_per_s: float
    ms_by_model: dict[str, float]


class Level(Frozen):
    """One number of clients."""

    callers: int
    studies_per_minute: float
    p50_s: float | None
    p95_s: float | None
    p99_s: float | None
    screened: int
    refused: int
    failed: int


class StagesResult(Frozen):
    """Throughput and latency by number of clients; `knee` is one of the levels."""

    levels: tuple[Level, ...]
    knee: Level
    levels_off: bool
    """Whether throughput stopped growing within the levels that were tried."""
    distinct_reports: dict[str, int]
    client: Client


class Row(Frozen):
    """One kind of call."""

    name: str
    calls: int
    failed: int
    p50_s: float | None
    p95_s: float | None
    p99_s: float | None


class ScenarioResult(Frozen):
    """Users of the page: the durations of each call."""

    callers: int
    seconds: float
    rows: tuple[Row, ...]
    outcomes: dict[str, int]
    aims: tuple[Aim, ...]
    client: Client


class Cell(Frozen):
    """The ensemble over gRPC, for a number of slices a request and of requests at once."""

    batch: int
    concurrency: int
    slices_per_s: float
    p50_ms: float
    p95_ms: float
    requests: int


class GrpcResult(Frozen):
    """All cells of the table."""

    cells: tuple[Cell, ...]

    @property
    def best(self) -> Cell:
        return max(self.cells, key=lambda cell: cell.slices_per_s)


class Moment(Frozen):
    """Memory (PSS) by role, `at_s` after the start of the part."""

    at_s: float
    mib: dict[str, float]


class Growth(Frozen):
    """Memory of a role at the start and the end (medians of a fifth of the time), and the line through all of it."""

    role: str
    first_mib: float
    last_mib: float
    slope_mib_per_h: float


class Second(Frozen):
    """A span from `at_s` after the start: responses a second by kind, and p95 of the accepted."""

    at_s: float
    accepted: float
    refused: float
    other: float
    p95_s: float | None


class SoakResult(Frozen):
    """The knee's load for a long time."""

    callers: int
    seconds: float
    outcomes: dict[str, int]
    studies_per_minute: float
    window_s: float
    first_per_minute: float
    last_per_minute: float
    p50_s: float | None
    p95_s: float | None
    p99_s: float | None
    distinct_reports: dict[str, int]
    pace: tuple[Second, ...]
    memory: tuple[Moment, ...]
    growth: tuple[Growth, ...]
    aims: tuple[Aim, ...]
    client: Client


class Advice(Frozen):
    """The `busy_after_s` with which the criterion would be met."""

    busy_after_now_s: float
    busy_after_then_s: float


class OverloadResult(Frozen):
    """Three times the knee's rate, independent of the responses, and the recovery after it."""

    knee_per_minute: float
    knee_p95_s: float
    aimed_per_minute: float
    offered_per_minute: float
    seconds: float
    outcomes: dict[str, int]
    accepted_per_minute: float
    p50_s: float | None
    p95_s: float | None
    refusal_p95_s: float | None
    recovered_per_minute: float
    recovered_p95_s: float | None
    back_s: float
    """Seconds after the overload from which `recovered` is measured."""
    timeline: tuple[Second, ...]
    memory: tuple[Moment, ...]
    growth: tuple[Growth, ...]
    aims: tuple[Aim, ...]
    advice: Advice | None
    client: Client


class Ended(Frozen):
    """One part, and its error if it failed."""

    state: Literal["done", "failed"]
    began: datetime
    seconds: float
    command: str = ""
    reason: str = ""


class Results(Frozen):
    """All parts; a missing part was not requested, or not reached."""

    parts: dict[str, Ended] = {}
    limit: LimitResult | None = None
    limit_again: LimitResult | None = None
    stages: StagesResult | None = None
    ward: ScenarioResult | None = None
    browsing: ScenarioResult | None = None
    grpc: GrpcResult | None = None
    overload: OverloadResult | None = None
    soak: SoakResult | None = None

    @property
    def best_limit(self) -> LimitResult | None:
        """The higher limit of those before and after the service ran: other programs may have lowered one."""
        seen = [limit for limit in (self.limit, self.limit_again) if limit]
        return max(seen, key=lambda limit: limit.studies_per_minute, default=None)

    @property
    def aims(self) -> list[tuple[str, Aim]]:
        """Every criterion with its part."""
        judged = {"ward": self.ward, "browsing": self.browsing, "overload": self.overload, "soak": self.soak}
        return [(part, aim) for part, result in judged.items() if result for aim in result.aims]
