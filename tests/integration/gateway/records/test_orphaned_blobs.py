"""The cleanup deletes orphaned blobs, and never a blob that a scan uses or an upload is writing."""

import asyncio
import hashlib
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

import httpx

from gateway.database.connection import Database
from gateway.records.blob_deletion import delete_unused_blobs
from gateway.records.orphaned_blobs import SweepResult, sweep_orphaned_blobs
from gateway.storage.blobs import Blobs
from tests.integration.gateway.records.upload_calls import blob_folder, fake_zip, files_below
from tests.integration.gateway.records.viewing_calls import create_scan
from tests.integration.gateway.running_gateway import RunningGateway

T = TypeVar("T")
ANY_AGE = timedelta(seconds=-10)


def with_store(records: RunningGateway, work: Callable[[Database, Blobs], Awaitable[T]]) -> T:
    """Run `work` on the gateway's database and storage, over own connections."""

    async def run() -> T:
        database = Database(records.store.database_url.get_secret_value())
        try:
            return await work(database, Blobs(blob_folder(records)))
        finally:
            await database.close()

    return asyncio.run(run())


def sweep(records: RunningGateway, age: timedelta) -> SweepResult:
    return with_store(records, lambda database, blobs: sweep_orphaned_blobs(database, blobs, age))


def write_orphan(records: RunningGateway, content: bytes) -> None:
    """Write a blob and derived data without rows, as an upload that was killed before its last step."""

    async def pieces() -> AsyncIterator[bytes]:
        yield content

    async def write(_database: Database, blobs: Blobs) -> None:
        blob = await blobs.store(pieces())
        await blobs.put_derived(f"{blob.sha256}/v1/volume.nii.gz", b"volume")
        await blobs.put_derived(f"analyses/{uuid4()}/1/evidence.npz", b"evidence")

    with_store(records, write)


def files_of(records: RunningGateway, content: bytes) -> list[Path]:
    """The files that exist for this content."""
    sha256 = hashlib.sha256(content).hexdigest()
    return [file for file in files_below(blob_folder(records)) if sha256 in file.parts]


def test_old_orphaned_blobs_are_deleted_and_used_ones_are_not(
    radiologist: httpx.Client, records: RunningGateway
) -> None:
    used, orphan = fake_zip("used"), fake_zip("orphan")
    scan = create_scan(radiologist, used)
    write_orphan(records, orphan)
    assert sweep(records, timedelta(hours=1)) == SweepResult(0, 0)
    assert len(files_of(records, orphan)) == 2
    assert sweep(records, ANY_AGE) == SweepResult(1, 1)
    assert files_of(records, orphan) == []
    assert radiologist.get(f"/api/scans/{scan}/file").content == used
    assert sweep(records, ANY_AGE) == SweepResult(0, 0)


def test_derived_data_of_missing_blobs_are_deleted(radiologist: httpx.Client, records: RunningGateway) -> None:
    content = fake_zip("derived")
    write_orphan(records, content)
    next(file for file in files_of(records, content) if file.parts[-4] == "blobs").unlink()
    sweep(records, ANY_AGE)
    assert files_of(records, content) == []


def test_old_files_of_a_killed_upload_are_deleted(records: RunningGateway) -> None:
    file = blob_folder(records) / "incoming" / f"{uuid4().hex}#1"
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(b"half")
    sweep(records, timedelta(hours=1))
    assert file.exists()
    os.utime(file, (time.time() - 7200,) * 2)
    sweep(records, timedelta(hours=1))
    assert not file.exists()


def test_cleanup_does_not_delete_a_blob_during_its_upload(radiologist: httpx.Client, records: RunningGateway) -> None:
    """Three clients upload and delete the same bytes during the cleanup: each scan keeps its file."""
    content = fake_zip("contested", 300_000)

    def upload_and_delete(_: int) -> None:
        for _ in range(8):
            scan = create_scan(radiologist, content)
            assert radiologist.get(f"/api/scans/{scan}/file").content == content
            assert radiologist.delete(f"/api/scans/{scan}").status_code == 204

    with ThreadPoolExecutor(4) as pool:
        senders = [pool.submit(upload_and_delete, number) for number in range(3)]
        sha256 = hashlib.sha256(content).hexdigest()
        while not all(sender.done() for sender in senders):
            with_store(records, lambda database, blobs: delete_unused_blobs(database, blobs, [sha256]))
        for sender in senders:
            sender.result()
    assert files_of(records, content) == []
