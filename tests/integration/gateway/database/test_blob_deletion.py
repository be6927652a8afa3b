"""A blob is deleted and uploaded again at the same moment; whichever comes first, no scan is left without its bytes."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest
import pytest_asyncio
from sqlalchemy import select

from gateway.database.connection import Database
from gateway.database.tables import BlobRow, ScanRow
from gateway.errors import ObjectMissing
from gateway.records.blob_deletion import delete_unused_blobs
from gateway.records.store import blob_rows, patients, scans
from gateway.storage.blobs import Blobs

CONTENT = b"the same study"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs(tmp_path / "blobs")


@pytest_asyncio.fixture
async def patient(database: Database) -> UUID:
    async with database.transaction() as session:
        return (await patients.insert(session, "here", "Anna", "Muster", None)).id


async def test_an_upload_waits_for_a_deletion_and_then_brings_the_bytes_again(
    database: Database, blobs: Blobs, patient: UUID
) -> None:
    await _forget(database, blobs, await _upload(database, blobs, patient))
    async with database.transaction() as session:
        assert await blob_rows.lock_if_unused(session, SHA256)
        coming = asyncio.create_task(_upload(database, blobs, patient))
        await asyncio.sleep(0.3)
        assert not coming.done()
        await blobs.delete(SHA256)
        await blob_rows.delete(session, SHA256)
    scan = await coming
    assert await _bytes(blobs) == CONTENT
    await _forget(database, blobs, scan)


async def test_a_deletion_waits_for_an_upload_and_then_leaves_the_bytes(
    database: Database, blobs: Blobs, patient: UUID
) -> None:
    await _forget(database, blobs, await _upload(database, blobs, patient))
    async with database.transaction() as session:
        assert await scans.insert(session, "here", patient, "a.zip", None, SHA256, len(CONTENT))
        going = asyncio.create_task(delete_unused_blobs(database, blobs, [SHA256]))
        await asyncio.sleep(0.3)
        assert not going.done()
        await blobs.store(_pieces())
    await going
    assert await _bytes(blobs) == CONTENT


async def test_an_unused_blob_is_deleted_with_its_row(database: Database, blobs: Blobs, patient: UUID) -> None:
    scan = await _upload(database, blobs, patient)
    await delete_unused_blobs(database, blobs, [SHA256])
    assert await _bytes(blobs) == CONTENT
    await _forget(database, blobs, scan)
    async with database.transaction() as session:
        for row in await session.scalars(select(ScanRow)):
            await scans.delete(session, row)
    await delete_unused_blobs(database, blobs, [SHA256, "f" * 64])
    with pytest.raises(ObjectMissing):
        await _bytes(blobs)
    async with database.transaction() as session:
        assert await session.get(BlobRow, SHA256) is None


async def _upload(database: Database, blobs: Blobs, patient: UUID) -> UUID:
    """As `records.scan_upload` does: insert the row, which locks, then commit the bytes, then the transaction."""
    async with blobs.receive(_pieces()) as incoming, database.transaction() as session:
        row = await scans.insert(session, "here", patient, "a.zip", None, SHA256, len(CONTENT))
        assert row
        await incoming.commit()
    return row.id


async def _forget(database: Database, blobs: Blobs, scan: UUID) -> None:
    """Delete the scan's row alone, and leave the blob unused."""
    async with database.transaction() as session:
        row = await scans.find(session, "here", scan, lock=True)
        assert row
        await scans.delete(session, row)


async def _bytes(blobs: Blobs) -> bytes:
    return b"".join([piece async for piece in blobs.read(SHA256)])


async def _pieces() -> AsyncIterator[bytes]:
    yield CONTENT
