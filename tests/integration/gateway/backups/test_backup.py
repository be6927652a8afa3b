"""A backup is complete or does not exist, copies new files only, and lists files that the storage lacks."""

import asyncio
import hashlib
from pathlib import Path

import psycopg
import pytest

from engines.postgres_dump import DumpTools
from gateway.backups.archive import Archive
from gateway.backups.errors import BackupInUse, BackupMissing, SchemaNotCurrent
from gateway.backups.lease import KEY as LOCK_KEY
from gateway.backups.restore import verify_backup
from gateway.storage.objects import Objects
from tests.integration.gateway.backups.installation import CONTENTS, Installation, wait_one_second
from tests.postgres import RunningPostgres


@pytest.fixture
def own(postgres: RunningPostgres, tmp_path: Path) -> Installation:
    return Installation(postgres.new_database(), tmp_path / "own")


async def test_the_second_backup_copies_new_files_and_the_old_one_is_deleted_with_its_own(
    own: Installation, tmp_path: Path
) -> None:
    await own.add_scans(b"first", b"both")
    assert (await own.back_up(tmp_path / "target")).copied == 2
    await own.blobs.delete(hashlib.sha256(b"first").hexdigest())
    with psycopg.connect(own.url) as connection:
        connection.execute("DELETE FROM scans USING blobs WHERE scans.sha256 = blobs.sha256 AND blobs.size = 5")
        connection.execute("DELETE FROM blobs WHERE size = 5")
    await own.add_scans(b"the third")
    await wait_one_second()
    taken = await own.back_up(tmp_path / "target", keep=1)
    assert (taken.copied, taken.dropped, taken.manifest.files) == (1, 1, 2)
    archive = Archive(str(tmp_path / "target"))
    assert list(await archive.names()) == [taken.manifest.name]
    assert (await verify_backup(archive))[0] == taken.manifest


async def test_a_scan_deleted_meanwhile_is_not_missing_and_a_lost_file_is(own: Installation, tmp_path: Path) -> None:
    gone, lost = (hashlib.sha256(content).hexdigest() for content in (b"gone", b"lost"))

    class DeletedMeanwhile(DumpTools):
        def dump(self, file: Path, open_snapshot: str) -> None:
            super().dump(file, open_snapshot)
            asyncio.run(own.blobs.delete(gone))
            with psycopg.connect(own.url) as connection:
                connection.execute("DELETE FROM scans WHERE sha256 = %s", [gone])
                connection.execute("DELETE FROM blobs WHERE sha256 = %s", [gone])

    await own.add_scans(b"gone", b"lost", b"kept")
    await own.blobs.delete(lost)
    taken = await Installation(own.url, own.folder, DeletedMeanwhile).back_up(tmp_path / "target")
    assert (taken.manifest.missing, taken.manifest.files, taken.manifest.rows["scans"]) == ((lost,), 1, 3)


async def test_a_file_with_another_hash_is_missing_too(own: Installation, tmp_path: Path) -> None:
    await own.add_scans(b"healthy")
    sha256 = hashlib.sha256(b"healthy").hexdigest()
    (own.folder / "blobs" / sha256[:2] / sha256[2:4] / sha256).write_bytes(b"rotten!")
    assert (await own.back_up(tmp_path / "target")).manifest.missing == (sha256,)


async def test_an_incomplete_backup_does_not_count(installation: Installation, archive: Path) -> None:
    objects = Objects(archive)
    await objects.delete(*[one.key async for one in objects.list_under("backups") if "manifest" in one.key])
    with pytest.raises(BackupMissing, match="none at all"):
        await verify_backup(Archive(str(archive)))
    taken = await installation.back_up(archive)
    assert taken.copied == 0
    assert [path.name for path in (archive / "backups").iterdir() if list(path.iterdir())] == [taken.manifest.name]


async def test_a_damaged_older_backup_does_not_prevent_a_new_one(installation: Installation, archive: Path) -> None:
    (listing,) = [one.key async for one in Objects(archive).list_under("backups") if "files" in one.key]
    await Objects(archive).put(listing, b"")
    await wait_one_second()
    assert (await verify_backup(Archive(str(archive)), (await installation.back_up(archive)).manifest.name))[1]


async def test_the_lock_of_a_release_without_heartbeats_is_kept(installation: Installation, tmp_path: Path) -> None:
    await Objects(tmp_path).create(LOCK_KEY, b"")
    with pytest.raises(BackupInUse, match="delete the object"):
        await installation.back_up(tmp_path)


async def test_a_schema_of_another_release_is_refused(empty: Installation, tmp_path: Path) -> None:
    with pytest.raises(SchemaNotCurrent, match="turnstile migrate"):
        await empty.back_up(tmp_path / "target")


async def test_a_backup_is_an_export_in_the_audit_log(installation: Installation, backup_folder: Path) -> None:
    manifest = await Archive(str(backup_folder)).manifest()
    with psycopg.connect(installation.url) as connection:
        connection.execute("SELECT seal_audit(1000)")
        rows = connection.execute(
            "SELECT actor, action FROM audit_events WHERE entity_id = %s AND seq >="
            " (SELECT seq FROM audit_events WHERE hash = %s) ORDER BY seq",
            [manifest.name, manifest.audit_head],
        )
        found = rows.fetchall()  # a backup of another test in the same second has the same name
        assert found[0] == ("cli:tester", "export"), "the head is the event of this backup"
        assert ("cli:tester", "create") in found[1:]
    assert manifest.files == len(CONTENTS)
