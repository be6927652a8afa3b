"""Every gateway and worker looks for scans to read for DICOMweb, and each scan is read by one of them."""

import asyncio
from uuid import UUID, uuid4

from sqlalchemy import text

from gateway.database.connection import Database
from gateway.pacs.dicomweb.store import index
from tests.integration.gateway.analyses.rows import INSTITUTION, new_scan


async def stored(database: Database) -> UUID:
    async with database.transaction() as session:
        return await new_scan(session)


async def pending(database: Database, institution: str | None = None) -> list[UUID]:
    async with database.transaction() as session:
        return [one.scan_id for one in await index.pending(session, 100, institution)]


async def claim(database: Database, scan: UUID) -> bool:
    async with database.transaction() as session:
        return await index.claim(session, scan)


async def test_one_of_many_processes_reads_a_scan_and_a_search_reads_it_too(database: Database) -> None:
    scan, institution = await stored(database), INSTITUTION
    assert await pending(database) == await pending(database, institution) == [scan]
    assert sorted(await asyncio.gather(*(claim(database, scan) for _ in range(6)))) == [False] * 5 + [True]
    assert await pending(database) == []
    assert await pending(database, institution) == [scan]  # a search waits for what is not in the index yet
    async with database.transaction() as session:
        assert await index.replace(session, scan, (), None)
    assert await pending(database) == await pending(database, institution) == []
    assert not await claim(database, scan)


async def test_a_scan_is_free_again_when_its_reading_failed_or_its_process_was_killed(database: Database) -> None:
    scan = await stored(database)
    assert await claim(database, scan)
    async with database.transaction() as session:
        await index.give_back(session, scan)
    assert await pending(database) == [scan]
    assert await claim(database, scan)
    async with database.transaction() as session:
        await session.execute(text("UPDATE dicom_indexes SET indexed_at = now() - interval '16 minutes'"))
    assert await pending(database) == [scan]
    assert await claim(database, scan)
    assert not await claim(database, scan)


async def test_a_scan_that_was_deleted_is_not_read(database: Database) -> None:
    assert not await claim(database, uuid4())
