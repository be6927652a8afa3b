"""Quotas: counted once for each accepted upload, in the database, for an institution and for a principal."""

import asyncio
from datetime import date
from uuid import uuid4

import pytest
from sqlalchemy import select

from gateway.database.connection import Database
from gateway.database.tables import UsageRow
from gateway.errors import QuotaExceeded
from gateway.permissions import GRANTS, Role
from gateway.principal import Principal, PrincipalKind
from gateway.quotas import store
from gateway.quotas.quotas import NO_QUOTAS, WHOLE_INSTITUTION, Quota, Quotas


def principal(institution: str, key: str = "token:1") -> Principal:
    return Principal(key, PrincipalKind.PROGRAM, key, Role.RADIOLOGIST, institution, GRANTS[Role.RADIOLOGIST])


async def send(database: Database, quotas: Quotas, who: Principal, size: int = 10) -> None:
    async with database.transaction() as session:
        await quotas.count(session, who, 1, size)


async def usage(database: Database, institution: str) -> dict[str, tuple[int, int]]:
    async with database.transaction() as session:
        rows = await session.scalars(select(UsageRow).where(UsageRow.institution == institution))
        return {row.principal: (row.scans, row.bytes) for row in rows}


@pytest.fixture
def alpha() -> Principal:
    return principal(f"alpha-{uuid4()}")


async def test_uploads_above_the_scans_of_a_principal_are_refused_until_midnight(
    database: Database, alpha: Principal
) -> None:
    quotas = Quotas(principal=Quota(scans=2))
    for _ in range(2):
        await quotas.check(database, alpha)
        await send(database, quotas, alpha)
    with pytest.raises(QuotaExceeded) as refused:
        await quotas.check(database, alpha)
    assert 1 <= int(refused.value.headers["Retry-After"]) <= 24 * 3600
    with pytest.raises(QuotaExceeded, match="2 scans"):
        await send(database, quotas, alpha)
    assert await usage(database, alpha.institution) == {alpha.key: (2, 20)}, "a refused one is not counted"
    await send(database, quotas, principal(alpha.institution, "token:2"))


async def test_the_bytes_of_an_institution_are_those_of_all_its_principals(
    database: Database, alpha: Principal
) -> None:
    quotas = Quotas(institution=Quota(bytes=100))
    await send(database, quotas, alpha, 60)
    with pytest.raises(QuotaExceeded, match="institution"):
        await send(database, quotas, principal(alpha.institution, "token:2"), 60)
    await send(database, quotas, principal(f"beta-{uuid4()}"), 60)
    assert await usage(database, alpha.institution) == {WHOLE_INSTITUTION: (1, 60)}


async def test_uploads_at_once_are_all_counted(database: Database, alpha: Principal) -> None:
    quotas = Quotas(Quota(scans=5), Quota(scans=100))
    ends = await asyncio.gather(*(send(database, quotas, alpha) for _ in range(8)), return_exceptions=True)
    assert sum(end is None for end in ends) == 5
    assert await usage(database, alpha.institution) == {WHOLE_INSTITUTION: (5, 50), alpha.key: (5, 50)}


async def test_nothing_is_counted_where_there_is_no_quota(database: Database, alpha: Principal) -> None:
    await NO_QUOTAS.check(database, alpha)
    await send(database, NO_QUOTAS, alpha)
    assert await usage(database, alpha.institution) == {}


async def test_old_usage_is_deleted(database: Database, alpha: Principal) -> None:
    await send(database, Quotas(Quota(scans=5)), alpha)
    async with database.transaction() as session:
        await store.delete_before(session, date(2000, 1, 1))
    assert await usage(database, alpha.institution)
    async with database.transaction() as session:
        await store.delete_before(session, date(9999, 1, 1))
    assert not await usage(database, alpha.institution)
