"""What nobody uses any more is swept; what somebody uses, or is sending at that moment, never is."""

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
from tests.integration.gateway.records.upload_calls import blob_folder, files_below, some_zip
from tests.integration.gateway.records.viewing_calls import scan_of
from tests.integration.gateway.running_gateway import RunningGateway

T = TypeVar("T")
ANY_AGE = timedelta(seconds=-10)


def within(records: RunningGateway, work: Callable[[Database, Blobs], Awaitable[T]]) -> T:
    """Run `work` on the gateway's store, on connections of our own."""

    async def run() -> T:
        database = Database(records.store.database_url.get_secret_value())
        try:
            return await work(database, Blobs(blob_folder(records)))
        finally:
            await database.close()

    return asyncio.run(run())


def swept(records: RunningGateway, age: timedelta) -> SweepResult:
    return within(records, lambda database, blobs: sweep_orphaned_blobs(database, blobs, age))


def leave(records: RunningGateway, content: bytes) -> None:
    """Bytes in their place, and derived data, and none of them in a record: an upload that died at its last step."""

    async def pieces() -> AsyncIterator[bytes]:
        yield content

    async def left(_database: Database, blobs: Blobs) -> None:
        blob = await blobs.store(pieces())
        await blobs.put_derived(f"{blob.sha256}/v1/volume.nii.gz", b"volume")
        await blobs.put_derived(f"analyses/{uuid4()}/1/evidence.npz", b"evidence")

    within(records, left)


def of(records: RunningGateway, content: bytes) -> list[Path]:
    """The files that are there because of this content."""
    sha256 = hashlib.sha256(content).hexdigest()
    return [file for file in files_below(blob_folder(records)) if sha256 in file.parts]


def test_what_was_left_goes_when_it_is_old_and_what_is_used_stays(
    doctor: httpx.Client, records: RunningGateway
) -> None:
    used, orphan = some_zip("used"), some_zip("orphan")
    scan = scan_of(doctor, used)
    leave(records, orphan)
    assert swept(records, timedelta(hours=1)) == SweepResult(0, 0)
    assert len(of(records, orphan)) == 2
    assert swept(records, ANY_AGE) == SweepResult(1, 1)
    assert of(records, orphan) == []
    assert doctor.get(f"/api/scans/{scan}/file").content == used
    assert swept(records, ANY_AGE) == SweepResult(0, 0)


def test_derived_data_of_bytes_that_are_gone_go_too(doctor: httpx.Client, records: RunningGateway) -> None:
    content = some_zip("derived")
    leave(records, content)
    next(file for file in of(records, content) if file.parts[-4] == "blobs").unlink()
    swept(records, ANY_AGE)
    assert of(records, content) == []


def test_what_a_killed_upload_wrote_goes_when_it_is_old(records: RunningGateway) -> None:
    file = blob_folder(records) / "incoming" / f"{uuid4().hex}#1"
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(b"half")
    swept(records, timedelta(hours=1))
    assert file.exists()
    os.utime(file, (time.time() - 7200,) * 2)
    swept(records, timedelta(hours=1))
    assert not file.exists()


def test_no_sweep_and_no_delete_takes_what_another_is_sending(doctor: httpx.Client, records: RunningGateway) -> None:
    """Three people send and delete the same bytes while they are swept: whoever has a scan has its file."""
    content = some_zip("contested", 300_000)

    def sending(_: int) -> None:
        for _ in range(8):
            scan = scan_of(doctor, content)
            assert doctor.get(f"/api/scans/{scan}/file").content == content
            assert doctor.delete(f"/api/scans/{scan}").status_code == 204

    with ThreadPoolExecutor(4) as pool:
        senders = [pool.submit(sending, number) for number in range(3)]
        sha256 = hashlib.sha256(content).hexdigest()
        while not all(sender.done() for sender in senders):
            within(records, lambda database, blobs: delete_unused_blobs(database, blobs, [sha256]))
        for sender in senders:
            sender.result()
    assert of(records, content) == []
