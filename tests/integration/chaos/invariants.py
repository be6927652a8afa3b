"""What must be true when everything is well again."""

import asyncio
import stat
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import httpx

from gateway.audit.audit_reader import AuditReader
from gateway.audit.hash_chain import ChainVerification
from gateway.database.connection import Database
from gateway.records.orphaned_blobs import sweep_orphaned_blobs
from gateway.storage.blobs import Blobs
from tests.integration.chaos.promises import Outcome, Promises, ScreenedFile
from tests.integration.chaos.restores import Restores
from tests.integration.faults.service_programs import ServicePrograms
from tests.integration.gateway.auth.api_calls import bearer

ALLOWED_ERRORS: Final = frozenset(
    {"analysis_crashed", "engine_unavailable", "engine_deadline", "engine_fault", "engine_overloaded"}
    | {"upload_unavailable", "storage_full", "decode_memory", "deadline"}
)
OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
OTHERS_ENTER: Final = stat.S_IXGRP | stat.S_IXOTH
TEXT_COLUMNS: Final = (
    "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
    " AND data_type IN ('text', 'character varying', 'json', 'jsonb', 'bytea', 'ARRAY')"
)


def every_accepted_scan_is_there(service: ServicePrograms, token: str, promises: Promises) -> None:
    """With the bytes that were uploaded."""
    with httpx.Client(base_url=service.url, headers=bearer(token), timeout=60, trust_env=False) as client:
        for scan, file in promises.accepted.items():
            found = client.get(f"/api/scans/{scan}/file")
            assert found.status_code == 200, f"scan {scan}: {found.status_code}"
            assert found.content == file.path.read_bytes(), scan


def no_upload_was_executed_twice(service: ServicePrograms) -> None:
    """Each patient of this test got one scan, however often the request was repeated."""
    names = "SELECT last_name FROM patients WHERE last_name LIKE 'Chaos%%' GROUP BY 1 HAVING count(*) > 1"
    scans = "SELECT patient_id FROM scans GROUP BY patient_id HAVING count(*) > 1"
    assert not service.rows(names), "a patient was made twice"
    assert not service.rows(scans), "a scan was stored twice"


def every_analysis_has_one_outcome(service: ServicePrograms, promises: Promises) -> None:
    """The one of the same file when nothing is wrong, or a named failure; never `normal` by error."""
    for scan, file in promises.accepted.items():
        outcomes = service.rows(
            "SELECT analyses.error, analyses.model_card AS attempted_with, reports.model_card, verdict, probability,"
            " (SELECT count(*) FROM reports WHERE analysis_id = analyses.id) AS reports"
            " FROM analyses LEFT JOIN reports ON analysis_id = analyses.id WHERE analyses.scan_id = %s",
            scan,
        )
        assert bool(outcomes) or scan not in promises.analysed, f"the analysis of {scan} that was accepted is lost"
        for outcome in outcomes:
            _assert_right(file, outcome)


def _assert_right(file: ScreenedFile, row: Mapping[str, Any]) -> None:
    outcome = Outcome(row["model_card"], row["verdict"], row["probability"], row["error"])
    told = f"{file.path.name}: {row}, none of {file.outcomes}"
    assert row["reports"] == 1, told
    assert outcome.model_card in (None, row["attempted_with"]), told
    if outcome.error in ALLOWED_ERRORS:
        assert outcome.verdict == "not_analysed", told
    else:
        assert outcome in file.outcomes, told


def no_blob_is_without_a_row(service: ServicePrograms) -> None:
    """After the cleanup that every worker does; here at once instead of after an hour."""

    async def left() -> set[str]:
        blobs, database = Blobs(service.blobs), Database(service.database_url)
        try:
            await sweep_orphaned_blobs(database, blobs, timedelta())
        finally:
            await database.close()
        files = {path.name for path in (service.blobs / "blobs").rglob("*") if path.is_file()}
        incoming = {path.name for path in (service.blobs / "incoming").rglob("*") if path.is_file()}
        return incoming | files - {row["sha256"] for row in service.rows("SELECT sha256 FROM blobs")}

    assert not asyncio.run(left())


def nothing_is_left_of(names: Iterable[str], service: ServicePrograms, folders: Iterable[Path]) -> None:
    """Neither in the database nor in a file nor in a log."""
    wanted = sorted(names)
    columns = service.rows(TEXT_COLUMNS)
    for table, column in ((row["table_name"], row["column_name"]) for row in columns):
        cell = f'"{column}"::text'
        query = f'SELECT {cell} AS cell FROM "{table}" WHERE {cell} LIKE %s'  # noqa: S608 - names of our own schema
        for row in service.rows(query, "%Chaos%"):
            assert not [name for name in wanted if name in row["cell"]], f"{table}.{column}"
    for path in _files(folders):
        content = path.read_bytes()
        assert not [name for name in wanted if name.encode() in content], path


def no_file_is_readable_by_others(folders: Iterable[Path]) -> None:
    """Nor by the group, wherever the service writes; the folders themselves were there before, and are open."""
    shared = [path for path in Path("/dev/shm").glob("turnstile-*") if path.is_file()]  # noqa: S108 - ours
    open_files = [path for path in shared if path.stat().st_mode & OTHERS]
    for folder in folders:
        open_files += [path for path in _files([folder]) if _is_open(path, folder)]
    assert not open_files, [str(path) for path in open_files[:20]]


def _files(folders: Iterable[Path]) -> Iterator[Path]:
    yield from (path for folder in folders for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def _is_open(path: Path, top: Path) -> bool:
    """Whether others can open the file once they are in `top`."""
    folders = list(path.relative_to(top).parents)[:-1]
    return bool(path.stat().st_mode & OTHERS) and all((top / one).stat().st_mode & OTHERS_ENTER for one in folders)


def the_audit_chain_is_whole(service: ServicePrograms) -> None:
    """As `turnstile audit verify` says."""

    async def verify() -> ChainVerification:
        database = Database(service.database_url)
        try:
            return await AuditReader(database).verify()
        finally:
            await database.close()

    found = asyncio.run(verify())
    assert found.rows
    assert not found.breaks


def a_backup_restores_everything(service: ServicePrograms, restores: Restores) -> None:
    """A backup that is restored is what the service has, also where a restore was killed before."""
    restores.back_up()
    restored = restores.elsewhere()
    with restores.killed(restored):
        pass
    restores.restore(restored)
    for table in ("patients", "scans", "analyses", "reports"):
        query = f"SELECT * FROM {table} ORDER BY id"  # noqa: S608 - a name of our own
        assert restored.rows(query) == service.rows(query), table
    assert _stored_files(restored) == _stored_files(service)


def _stored_files(service: ServicePrograms) -> dict[Path, bytes]:
    folder = service.blobs / "blobs"
    return {path.relative_to(folder): path.read_bytes() for path in _files([folder])}
