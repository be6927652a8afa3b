"""Statistics of an institution: what was screened, how long it took, and whether radiologists agreed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from gateway.database.connection import Database
from gateway.database.tables.records import VERDICTS
from gateway.reports.store import statistics
from gateway.reports.store.statistics import Queue, Times


@dataclass(frozen=True)
class Hour:
    """Number of analyses that ended in the hour that begins at `hour`."""

    hour: datetime
    analysed: int
    failed: int


@dataclass(frozen=True)
class Agreement:
    """Number of feedbacks that agree and that disagree."""

    agree: int
    disagree: int


@dataclass(frozen=True)
class Statistics:
    """Statistics since `since`; `rule_out_rate` is the share of normal verdicts among normal and pathology."""

    since: datetime
    analysed: int
    failed: int
    cancelled: int
    verdicts: Mapping[str, int]
    per_hour: Sequence[Hour]
    queue: Queue
    seconds: Times | None
    stages: Mapping[str, Times]
    rule_out_rate: float | None
    agreement: Mapping[str, Agreement]
    totals: Mapping[str, int]


async def over_hours(database: Database, institution: str, hours: int) -> Statistics:
    """Statistics of the last `hours` hours, the current hour included."""
    since = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=hours - 1)
    async with database.transaction() as session:
        ended = await statistics.ended_by_hour(session, institution, since)
        said = await statistics.agreement(session, institution, since)
        verdicts = await statistics.verdicts(session, institution, since)
        return Statistics(
            since=since,
            analysed=_total_in_state(ended, "done"),
            failed=_total_in_state(ended, "failed"),
            cancelled=_total_in_state(ended, "cancelled"),
            verdicts={verdict: verdicts.get(verdict, 0) for verdict in VERDICTS},
            per_hour=[_hour(ended, since + timedelta(hours=passed)) for passed in range(hours)],
            queue=await statistics.queue(session, institution),
            seconds=await statistics.seconds_to_report(session, institution, since),
            stages=await statistics.stages(session, institution, since),
            rule_out_rate=_share(verdicts.get("normal", 0), verdicts.get("pathology", 0)),
            agreement={v: Agreement(said.get((v, True), 0), said.get((v, False), 0)) for v in VERDICTS},
            totals=await statistics.totals(session, institution),
        )


def _hour(ended: Mapping[tuple[datetime, str], int], hour: datetime) -> Hour:
    return Hour(hour, ended.get((hour, "done"), 0), ended.get((hour, "failed"), 0))


def _total_in_state(ended: Mapping[tuple[datetime, str], int], state: str) -> int:
    return sum(count for (_, other), count in ended.items() if other == state)


def _share(part: int, rest: int) -> float | None:
    return part / (part + rest) if part + rest else None
