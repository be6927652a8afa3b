"""What is damaged, too new or meant for another database is refused before anything is written."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from alembic import command

from engines.errors import DumpFailed
from engines.postgres_dump import DumpTools
from gateway.backups.archive import Archive
from gateway.backups.errors import (
    BackupDamaged,
    BackupError,
    BackupMissing,
    BackupTooNew,
    DatabaseForeign,
    DatabaseInUse,
    DatabaseNotEmpty,
)
from gateway.backups.manifest import FORMAT, Manifest
from gateway.backups.store.database_replacement import CLEAR
from gateway.backups.store.database_snapshot import snapshot
from gateway.database.connection import libpq_url
from gateway.database.migration import _config, revision
from tests.integration.gateway.backups.backup_service import CONTENTS, House
from tests.postgres import RunningPostgres

OLDER = "0002"


def part(archive: Path, pattern: str) -> Path:
    return max(archive.glob(pattern), key=lambda path: path.stat().st_size)


def torn(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def changed(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def of_a_newer_release(path: Path) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | {"schema": "9999"}))


@pytest.mark.parametrize(
    ("what", "hurt", "error", "words"),
    [
        ("backups/*/database.dump", torn, BackupDamaged, "database.dump of"),
        ("backups/*/database.dump", changed, BackupDamaged, "database.dump of"),
        ("backups/*/database.dump", Path.unlink, BackupDamaged, "database.dump of"),
        ("backups/*/files.jsonl", torn, BackupDamaged, "files.jsonl of"),
        ("backups/*/files.jsonl", Path.unlink, BackupDamaged, "files.jsonl of"),
        ("backups/*/manifest.json", torn, BackupDamaged, "cannot be read"),
        ("backups/*/manifest.json", of_a_newer_release, BackupTooNew, "schema 9999"),
        ("backups/*/manifest.json", Path.unlink, BackupMissing, "none at all"),
        ("blobs/*/*/*", Path.unlink, BackupDamaged, "1 files of"),
        ("blobs/*/*/*", changed, BackupDamaged, "1 files of"),
        ("blobs/*/*/*", torn, BackupDamaged, "1 files of"),
    ],
)
async def test_a_damaged_one_changes_nothing(
    archive: Path, empty: House, what: str, hurt: Callable[[Path], None], error: type[BackupError], words: str
) -> None:
    hurt(part(archive, what))
    async with empty.restoring() as restoring:
        with pytest.raises(error, match=words):
            await restoring.restore(Archive(str(archive)))
        assert await revision(restoring.database) is None
    assert not [path for path in empty.folder.rglob("*") if path.is_file()]


async def test_records_that_are_there_go_only_when_it_is_said(
    archive: Path, empty: House, postgres: RunningPostgres, tmp_path: Path
) -> None:
    async with empty.restoring() as restoring:
        await restoring.restore(Archive(str(archive)))
    furnished = House(postgres.new_database(), tmp_path / "furnished")
    await furnished.furnish(b"here before")
    async with furnished.restoring() as restoring:
        with pytest.raises(DatabaseNotEmpty, match="1 scans; `--replace`"):
            await restoring.restore(Archive(str(archive)))
        restored = await restoring.restore(Archive(str(archive)), replace=True)
        assert restored.manifest.rows["scans"] == len(CONTENTS)
    taken = await furnished.backed_up(tmp_path / "again")  # what came back can be backed up, and come back
    async with empty.restoring() as restoring:
        again = await restoring.restore(Archive(str(tmp_path / "again")), replace=True)
    assert again.manifest == taken.manifest


async def test_a_schema_that_was_only_made_is_empty(archive: Path, postgres: RunningPostgres, tmp_path: Path) -> None:
    async with House(postgres.new_database(), tmp_path / "made").restoring() as restoring:
        assert (await restoring.restore(Archive(str(archive)))).copied == len(CONTENTS)


async def test_a_database_of_others_or_in_use_is_left_alone(archive: Path, empty: House) -> None:
    with psycopg.connect(empty.url, application_name="turnstile worker") as connection:
        connection.execute("CREATE TABLE payroll (salary int)")
        connection.commit()
        async with empty.restoring() as restoring:
            with pytest.raises(DatabaseInUse, match="turnstile worker"):
                await restoring.restore(Archive(str(archive)))
    async with empty.restoring() as restoring:
        with pytest.raises(DatabaseForeign, match="payroll"):
            await restoring.restore(Archive(str(archive)), replace=True)


async def test_a_dump_that_breaks_off_leaves_every_row(archive: Path, house: House, tmp_path: Path) -> None:
    dump = part(archive, "backups/*/database.dump")
    torn(dump)
    with pytest.raises(DumpFailed) as failed:
        DumpTools(libpq_url(house.url)).restore(dump, CLEAR)
    assert "Mustermann" not in failed.value.detail
    with psycopg.connect(house.url) as connection:
        assert connection.execute("SELECT count(*) FROM scans").fetchone() == (len(CONTENTS),)


async def test_an_older_schema_is_brought_up_to_date(postgres: RunningPostgres, empty: House, tmp_path: Path) -> None:
    older = House(postgres.new_database("template1"), tmp_path / "older")
    config, archive, dump = _config(), Archive(str(tmp_path / "archive")), tmp_path / "dump"
    async with older.database() as database:
        async with database.transaction() as session:
            connection = await session.connection()

            def upgrade(sync: object) -> None:
                config.attributes["connection"] = sync
                command.upgrade(config, OLDER)

            await connection.run_sync(upgrade)
        async with snapshot(database) as moment:
            DumpTools(libpq_url(older.url)).dump(dump, moment.name)
    (tmp_path / "none").touch()
    dumped, listed = await archive.put_dump("then", dump), await archive.put_listing("then", tmp_path / "none")
    taken_at, head = datetime(2026, 11, 1, tzinfo=UTC), moment.audit_head
    manifest = Manifest(FORMAT, "then", taken_at, "0.0.9", moment.schema, dumped, listed, 0, 0, (), moment.rows, head)
    await archive.put_manifest(manifest)
    async with empty.restoring() as restoring:
        restored = await restoring.restore(archive)
        assert (manifest.schema, restored.schema) == (OLDER, await revision(restoring.database))
