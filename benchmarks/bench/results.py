"""What was measured, part by part, as results.json keeps it. None is what was not seen, and passes for no figure."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

ORIGINAL_STUDY_S = 11.8  # the original's code on two cores, 64 slices, median of five warm runs


class Frozen(BaseModel):
    """Immutable, and strict about what it is made from."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Aim(Frozen):
    """A figure beside what it should be. A figure that is missing is a miss."""

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
    """What the callers themselves took of the machine."""

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
    """One number of callers."""

    callers: int
    studies_per_minute: float
    p50_s: float | None
    p95_s: float | None
    p99_s: float | None
    screened: int
    refused: int
    failed: int


class StagesResult(Frozen):
    """Throughput and latency over callers; `knee` is one of the levels."""

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
    """People at work: what each call took."""

    callers: int
    seconds: float
    rows: tuple[Row, ...]
    outcomes: dict[str, int]
    aims: tuple[Aim, ...]
    client: Client


class Cell(Frozen):
    """The ensemble over gRPC: so many slices a request, so many requests at once."""

    batch: int
    concurrency: int
    slices_per_s: float
    p50_ms: float
    p95_ms: float
    requests: int


class GrpcResult(Frozen):
    """Every cell of the table."""

    cells: tuple[Cell, ...]

    @property
    def best(self) -> Cell:
        return max(self.cells, key=lambda cell: cell.slices_per_s)


class Moment(Frozen):
    """Memory (PSS) by role, so long after the part began."""

    at_s: float
    mib: dict[str, float]


class Growth(Frozen):
    """Memory of a role at the start and the end (medians of a fifth of the time), and the line through all of it."""

    role: str
    first_mib: float
    last_mib: float
    slope_mib_per_h: float


class Second(Frozen):
    """Some seconds, from `at_s` after the beginning: answers a second by their kind, and p95 of the accepted."""

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
    """The time at which the gate would have to refuse for the aim to be kept."""

    busy_after_now_s: float
    busy_after_then_s: float


class OverloadResult(Frozen):
    """Three times the knee's studies, from callers who do not go away, and what came after."""

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
    """From so long after the flood on, what is `recovered` counts."""
    timeline: tuple[Second, ...]
    memory: tuple[Moment, ...]
    growth: tuple[Growth, ...]
    aims: tuple[Aim, ...]
    advice: Advice | None
    client: Client


class Ended(Frozen):
    """One part, and how it ended."""

    state: Literal["done", "failed"]
    began: datetime
    seconds: float
    command: str = ""
    reason: str = ""


class Results(Frozen):
    """Everything; a part that is not there was not asked for, or was not reached."""

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
        """The limit is the best seen, before or after the service ran: another program may have been in the way."""
        seen = [limit for limit in (self.limit, self.limit_again) if limit]
        return max(seen, key=lambda limit: limit.studies_per_minute, default=None)

    @property
    def aims(self) -> list[tuple[str, Aim]]:
        """Every aim with the part that it is of."""
        judged = {"ward": self.ward, "browsing": self.browsing, "overload": self.overload, "soak": self.soak}
        return [(part, aim) for part, result in judged.items() if result for aim in result.aims]
