"""What follows from the rows of several parts: verdicts that flip, and the floor of a call."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.gpu.providers import SERVED
from benchmarks.gpu.record import Record
from benchmarks.gpu.rows import Row


@dataclass(frozen=True)
class Flips:
    """Studies whose verdict or key slice differs from the served one, and the largest difference of a probability."""

    provider: str
    expert: str
    studies: int
    verdicts: int
    key_slices: int
    probability: float


def flips(record: Record) -> Iterator[Flips]:
    """One for each provider and rule; a study that was not screened by both is not counted."""
    before: dict[int, Row] = {}
    groups: defaultdict[tuple[str, str], list[Row]] = defaultdict(list)
    for provider, row in record.rows("verdicts"):
        if provider == SERVED.name:
            before[row["study"]] = row
        else:
            groups[provider, row["expert"]].append(row)
    for (provider, expert), rows in groups.items():
        pairs = [(before[row["study"]], row) for row in rows if row["study"] in before]
        yield Flips(
            provider,
            expert,
            studies=len(pairs),
            verdicts=sum(one["verdict"] != other["verdict"] for one, other in pairs),
            key_slices=sum(one["key_slice"] != other["key_slice"] for one, other in pairs),
            probability=max((_apart(one, other) for one, other in pairs), default=0.0),
        )


def floor_s(record: Record, provider: str, row: Row) -> float | None:
    """Seconds of a call's copies and multiply-adds at the device's own rates; None where a rate was not measured.

    Copies and products one after the other, since a single call cannot overlap its own.
    """
    rates = {one["rate"]: one for name, one in record.rows("floor") if name == provider}
    copy = rates.get("copy", {}).get("bytes_per_s")
    products = rates.get("gemm", {}).get("multiply_adds_per_s")
    if not copy or not products:
        return None
    return float(row["bytes"] / copy + row["multiply_adds"] / products)


def _apart(one: Row, other: Row) -> float:
    if one["probability"] is None or other["probability"] is None:
        return 0.0 if one["probability"] is other["probability"] else 1.0
    return abs(float(one["probability"]) - float(other["probability"]))
