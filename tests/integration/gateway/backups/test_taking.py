"""A backup is whole or not there, copies what is new, and tells what the store lacks."""

import asyncio
import hashlib
from pathlib import Path

import psycopg
import pytest

from engines.postgres_dump import DumpTools
from gateway.backups.archive import CLAIM, Archive
from gateway.backups.errors import BackupInUse, BackupMissing, SchemaNotCurrent
from gateway.backups.restore import verified
from gateway.storage.objects import Objects
from tests.integration.gateway.backups.backup_service import CONTENTS, House, a_second_later
from tests.postgres import RunningPostgres


@pytest.fixture
def own(postgres: RunningPostgres, tmp_path: Path) -> House:
    return House(postgres.new_database(), tmp_path / "own")


async def test_the_second_one_copies_what_is_new_and_the_old_one_goes_with_what_it_alone_named(
    own: House, tmp_path: Path
) -> None:
    await own.furnish(b"first", b"both")
    assert (await own.backed_up(tmp_path / "target")).copied == 2
    await own.blobs.delete(hashlib.sha256(b"first").hexdigest())
    with psycopg.connect(own.url) as connection:
        connection.execute("DELETE FROM scans USING blobs WHERE scans.sha256 = blobs.sha256 AND blobs.size = 5")
        connection.execute("DELETE FROM blobs WHERE size = 5")
    await own.furnish(b"the third")
    await a_second_later()
    taken = await own.backed_up(tmp_path / "target", keep=1)
    assert (taken.copied, taken.dropped, taken.manifest.files) == (1, 1, 2)
    archive = Archive(str(tmp_path / "target"))
    assert list(await archive.names()) == [taken.manifest.name]
    assert (await verified(archive))[0] == taken.manifest


async def test_a_scan_that_is_deleted_meanwhile_is_no_loss_and_a_lost_file_is(own: House, tmp_path: Path) -> None:
    gone, lost = (hashlib.sha256(content).hexdigest() for content in (b"gone", b"lost"))

    class DeletedMeanwhile(DumpTools):
        def dump(self, file: Path, snapshot: str) -> None:
            super().dump(file, snapshot)
            asyncio.run(own.blobs.delete(gone))
            with psycopg.connect(own.url) as connection:
                connection.execute("DELETE FROM scans WHERE sha256 = %s", [gone])
                connection.execute("DELETE FROM blobs WHERE sha256 = %s", [gone])

    await own.furnish(b"gone", b"lost", b"kept")
    await own.blobs.delete(lost)
    taken = await House(own.url, own.folder, DeletedMeanwhile).backed_up(tmp_path / "target")
    assert (taken.manifest.missing, taken.manifest.files, taken.manifest.rows["scans"]) == ((lost,), 1, 3)


async def test_a_file_that_is_not_what_its_name_says_is_lost_too(own: House, tmp_path: Path) -> None:
    await own.furnish(b"healthy")
    sha256 = hashlib.sha256(b"healthy").hexdigest()
    (own.folder / "blobs" / sha256[:2] / sha256[2:4] / sha256).write_bytes(b"rotten!")
    assert (await own.backed_up(tmp_path / "target")).manifest.missing == (sha256,)


async def test_one_that_was_cut_off_is_none(house: House, archive: Path) -> None:
    await Objects(archive).drop(*[one.key async for one in Objects(archive).under("backups") if "manifest" in one.key])
    with pytest.raises(BackupMissing, match="none at all"):
        await verified(Archive(str(archive)))
    taken = await house.backed_up(archive)
    assert taken.copied == 0
    assert [path.name for path in (archive / "backups").iterdir() if list(path.iterdir())] == [taken.manifest.name]


async def test_an_older_one_that_is_damaged_does_not_stand_in_the_way(house: House, archive: Path) -> None:
    (listing,) = [one.key async for one in Objects(archive).under("backups") if "files" in one.key]
    await Objects(archive).put(listing, b"")
    await a_second_later()
    assert (await verified(Archive(str(archive)), (await house.backed_up(archive)).manifest.name))[1]


async def test_two_do_not_write_to_one_place(house: House, tmp_path: Path) -> None:
    await Objects(tmp_path).create(CLAIM, b"")
    with pytest.raises(BackupInUse, match="delete the object"):
        await house.backed_up(tmp_path)


async def test_a_schema_of_another_release_is_not_touched(empty: House, tmp_path: Path) -> None:
    with pytest.raises(SchemaNotCurrent, match="turnstile migrate"):
        await empty.backed_up(tmp_path / "target")


async def test_to_take_one_is_an_export_in_the_audit(house: House, whole: Path) -> None:
    manifest = await Archive(str(whole)).manifest()
    with psycopg.connect(house.url) as connection:
        row = connection.execute("SELECT actor, action, hash FROM audit_events WHERE entity_id = %s", [manifest.name])
        assert row.fetchone() == ("cli:tester", "export", manifest.audit_head)
    assert manifest.files == len(CONTENTS)
