"""A backup that is damaged, too new or for another database is refused before anything is written."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

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
from gateway.backups.store.database_replacement import CLEAR_SQL
from gateway.backups.store.database_snapshot import open_snapshot
from gateway.database.connection import libpq_url
from gateway.database.migration import revision
from tests.integration.gateway.backups.installation import CONTENTS, Installation
from tests.integration.gateway.database.old_schema import upgrade_to
from tests.postgres import RunningPostgres

OLDER = "0002"


def part(archive: Path, pattern: str) -> Path:
    return max(archive.glob(pattern), key=lambda path: path.stat().st_size)


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def changed(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def of_a_newer_release(path: Path) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | {"schema": "9999"}))


@pytest.mark.parametrize(
    ("pattern", "damage", "error", "message"),
    [
        ("backups/*/database.dump", truncated, BackupDamaged, "database.dump of"),
        ("backups/*/database.dump", changed, BackupDamaged, "database.dump of"),
        ("backups/*/database.dump", Path.unlink, BackupDamaged, "database.dump of"),
        ("backups/*/files.jsonl", truncated, BackupDamaged, "files.jsonl of"),
        ("backups/*/files.jsonl", Path.unlink, BackupDamaged, "files.jsonl of"),
        ("backups/*/manifest.json", truncated, BackupDamaged, "cannot be read"),
        ("backups/*/manifest.json", of_a_newer_release, BackupTooNew, "schema 9999"),
        ("backups/*/manifest.json", Path.unlink, BackupMissing, "none at all"),
        ("blobs/*/*/*", Path.unlink, BackupDamaged, "1 files of"),
        ("blobs/*/*/*", changed, BackupDamaged, "1 files of"),
        ("blobs/*/*/*", truncated, BackupDamaged, "1 files of"),
    ],
)
async def test_a_damaged_backup_changes_nothing(
    archive: Path,
    empty: Installation,
    pattern: str,
    damage: Callable[[Path], None],
    error: type[BackupError],
    message: str,
) -> None:
    damage(part(archive, pattern))
    async with empty.restorer() as restorer:
        with pytest.raises(error, match=message):
            await restorer.restore(Archive(str(archive)))
        assert await revision(restorer.database) is None
    assert not [path for path in empty.folder.rglob("*") if path.is_file()]


async def test_existing_records_are_replaced_only_with_replace(
    archive: Path, empty: Installation, postgres: RunningPostgres, tmp_path: Path
) -> None:
    async with empty.restorer() as restorer:
        await restorer.restore(Archive(str(archive)))
    used = Installation(postgres.new_database(), tmp_path / "used")
    await used.add_scans(b"here before")
    async with used.restorer() as restorer:
        with pytest.raises(DatabaseNotEmpty, match="1 scans; `--replace`"):
            await restorer.restore(Archive(str(archive)))
        restored = await restorer.restore(Archive(str(archive)), replace=True)
        assert restored.manifest.rows["scans"] == len(CONTENTS)
    taken = await used.back_up(tmp_path / "again")  # restored records can be backed up and restored again
    async with empty.restorer() as restorer:
        again = await restorer.restore(Archive(str(tmp_path / "again")), replace=True)
    assert again.manifest == taken.manifest


async def test_a_new_schema_counts_as_empty(archive: Path, postgres: RunningPostgres, tmp_path: Path) -> None:
    async with Installation(postgres.new_database(), tmp_path / "new").restorer() as restorer:
        assert (await restorer.restore(Archive(str(archive)))).copied == len(CONTENTS)


async def test_a_database_of_another_program_or_in_use_is_not_changed(archive: Path, empty: Installation) -> None:
    with psycopg.connect(empty.url, application_name="turnstile worker") as connection:
        connection.execute("CREATE TABLE payroll (salary int)")
        connection.commit()
        async with empty.restorer() as restorer:
            with pytest.raises(DatabaseInUse, match="turnstile worker"):
                await restorer.restore(Archive(str(archive)))
    async with empty.restorer() as restorer:
        with pytest.raises(DatabaseForeign, match="payroll"):
            await restorer.restore(Archive(str(archive)), replace=True)


async def test_an_incomplete_dump_leaves_every_row(archive: Path, installation: Installation, tmp_path: Path) -> None:
    dump = part(archive, "backups/*/database.dump")
    truncated(dump)
    with pytest.raises(DumpFailed) as failed:
        DumpTools(libpq_url(installation.url)).restore(dump, CLEAR_SQL)
    assert "Mustermann" not in failed.value.detail
    with psycopg.connect(installation.url) as connection:
        assert connection.execute("SELECT count(*) FROM scans").fetchone() == (len(CONTENTS),)


async def test_an_older_schema_is_migrated(postgres: RunningPostgres, empty: Installation, tmp_path: Path) -> None:
    older = Installation(postgres.new_database("template1"), tmp_path / "older")
    archive, dump = Archive(str(tmp_path / "archive")), tmp_path / "dump"
    async with older.database() as database:
        async with database.transaction() as session:
            await (await session.connection()).run_sync(upgrade_to, OLDER)
        async with open_snapshot(database) as snapshot:
            DumpTools(libpq_url(older.url)).dump(dump, snapshot.name)
    (tmp_path / "none").touch()
    dumped, listed = await archive.put_dump("then", dump), await archive.put_listing("then", tmp_path / "none")
    taken_at, schema, rows, head = (
        datetime(2026, 11, 1, tzinfo=UTC),
        snapshot.schema,
        snapshot.rows,
        snapshot.audit_head,
    )
    manifest = Manifest(FORMAT, "then", taken_at, "0.0.9", schema, dumped, listed, 0, 0, (), rows, head)
    await archive.put_manifest(manifest)
    async with empty.restorer() as restorer:
        restored = await restorer.restore(archive)
        assert (manifest.schema, restored.schema) == (OLDER, await revision(restorer.database))
