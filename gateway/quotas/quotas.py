"""Quotas of a day (UTC), counted in the transaction that accepts an upload; refused and repeated ones are not."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from gateway.database.connection import AsyncSession, Database
from gateway.database.tables import UsageRow
from gateway.errors import QuotaExceeded
from gateway.principal import Principal
from gateway.quotas import store

WHOLE_INSTITUTION: Final = ""  # the principal in the row of an institution; no principal has an empty key


@dataclass(frozen=True)
class Quota:
    """Scans and bytes a day; None is no limit."""

    scans: int | None = None
    bytes: int | None = None

    def __bool__(self) -> bool:
        return self.scans is not None or self.bytes is not None

    def check(self, usage: UsageRow, owner: str) -> None:
        """Raise QuotaExceeded, with Retry-After in seconds, when the usage is above the quota."""
        for used, limit, unit in ((usage.scans, self.scans, "scans"), (usage.bytes, self.bytes, "bytes")):
            if limit is not None and used > limit:
                raise QuotaExceeded(
                    f"{owner} has sent the {limit} {unit} of this day; send more after midnight UTC",
                    {"Retry-After": str(_seconds_until_tomorrow())},
                )


@dataclass(frozen=True)
class Quotas:
    """The quotas of each institution, and of each principal; nothing is counted where there is none."""

    institution: Quota = Quota()
    principal: Quota = Quota()

    async def count(self, session: AsyncSession, principal: Principal, scans: int, size: int) -> None:
        """Count an upload in the caller's transaction; raises QuotaExceeded, and the transaction undoes the count."""
        for quota, key, owner in self._rows(principal):
            quota.check(await self._add(session, principal, key, scans, size), owner)

    async def count_done(self, session: AsyncSession, principal: Principal, scans: int, size: int) -> None:
        """Count an upload that was answered; the next one is refused when it was above a quota."""
        for _, key, _ in self._rows(principal):
            await self._add(session, principal, key, scans, size)

    async def check(self, database: Database, principal: Principal) -> None:
        """Raise QuotaExceeded, before anything is received, when a quota does not allow one more byte and scan."""
        if not (self.institution or self.principal):
            return
        async with database.transaction() as session:
            for quota, key, owner in self._rows(principal):
                usage = await store.of_day(session, _today(), principal.institution, key)
                scans, size = (usage.scans, usage.bytes) if usage else (0, 0)
                quota.check(UsageRow(scans=scans + 1, bytes=size + 1), owner)

    async def _add(self, session: AsyncSession, principal: Principal, key: str, scans: int, size: int) -> UsageRow:
        return await store.add(session, _today(), principal.institution, key, scans, size)

    def _rows(self, principal: Principal) -> Iterator[tuple[Quota, str, str]]:
        """The quotas that there are, each with the key of its row; the institution first, so that none deadlock."""
        if self.institution:
            yield self.institution, WHOLE_INSTITUTION, "this institution"
        if self.principal:
            yield self.principal, principal.key, "this login"


NO_QUOTAS: Final = Quotas()


def _today() -> date:
    return datetime.now(UTC).date()


def _seconds_until_tomorrow() -> int:
    now = datetime.now(UTC)
    tomorrow = datetime.combine(now.date() + timedelta(days=1), time(), UTC)
    return max(1, math.ceil((tomorrow - now).total_seconds()))
