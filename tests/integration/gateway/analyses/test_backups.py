"""A backup is restored on an empty machine: the same responses, byte by byte, and queued analyses run."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.audit.audit_reader import AuditReader
from gateway.audit.sealing import seal_all
from gateway.backups.archive import Archive
from gateway.backups.errors import BackupDamaged
from gateway.backups.restore import verify_backup
from gateway.database.connection import Database
from gateway.database.tables import AnalysisRow, AuditRow
from gateway.permissions import Role
from gateway.storage.objects import Objects
from tests.integration.gateway.analyses.scan_calls import LOCAL, Scans
from tests.integration.gateway.auth.api_calls import bearer, make_token
from tests.integration.gateway.running_gateway import RunningGateway, running_gateway
from tests.integration.polling import until

RESPONSES = ("report", "report?format=csv", "report?format=pdf", "file", "heatmap.nii.gz", "analyses")

MADE_AT = re.compile(rb"/CreationDate \(.*?\)|/ID \[.*?\]")  # a PDF holds its creation time, and an id made from it


def turnstile(home: Path, *arguments: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    """Run a `turnstile` command on a machine without a running instance."""
    named = {f"TURNSTILE_{name.upper()}": value for name, value in settings.items()}
    environ = os.environ | {"COLUMNS": "160", "PYTHONPATH": os.pathsep.join(sys.path), "TURNSTILE_HOME": str(home)}
    command = [sys.executable, "-m", "gateway.cli", *arguments]
    return subprocess.run(command, env=environ | named, capture_output=True, text=True, timeout=300, check=False)


@dataclass(frozen=True)
class SavedState:
    """The state before the backup: an analysed scan, a queued one, a token, and the responses about the first."""

    scan: UUID
    waiting: UUID
    token: str
    answers: dict[str, bytes]


@pytest.fixture(scope="module")
def saved(gateway_with_worker: RunningGateway, phantom: Path) -> SavedState:
    scans = Scans(gateway_with_worker)
    scan, waiting = scans.add(phantom), scans.add(phantom)
    assert scans.analysed(scan)["state"] == "done"
    token = make_token(gateway_with_worker.store.database_url.get_secret_value(), Role.RADIOLOGIST, LOCAL)
    return SavedState(scan, waiting, token, responses_of(gateway_with_worker, scan))


@pytest.fixture(scope="module")
def archive(gateway_with_worker: RunningGateway, saved: SavedState, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup, taken while the gateway runs."""
    folder = tmp_path_factory.mktemp("elsewhere") / "archive"

    async def queued(session: AsyncSession) -> None:  # without a job: no worker claims it before the backup
        session.add(AnalysisRow(scan_id=saved.waiting, institution=LOCAL, requested_by="local"))

    Scans(gateway_with_worker).in_database(queued)
    backup = turnstile(
        folder.parent,
        "backup",
        str(folder),
        database_url=gateway_with_worker.store.database_url.get_secret_value(),
        data_folder=str(data_of(gateway_with_worker.scratch)),
    )
    assert backup.returncode == 0, backup.stderr
    assert "2 scans" in backup.stdout
    return folder


@pytest.fixture(scope="module")
def machine(
    gateway_with_worker: RunningGateway, saved: SavedState, archive: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningGateway]:
    """Another machine, on which the backup was restored, with the networks of the first."""
    home = tmp_path_factory.mktemp("machine")
    scratch = home / "scratch"
    scratch.mkdir()
    restored = turnstile(home, "restore", str(archive), data_folder=str(data_of(scratch)))
    assert restored.returncode == 0, restored.stderr
    assert "audit's chain holds" in " ".join(restored.stdout.split())
    networks = {
        "triton_url": gateway_with_worker.services.triton_url,
        "triton_secret": gateway_with_worker.services.triton_secret,
    }
    with running_gateway(scratch, **networks) as running:
        yield running


@pytest.mark.parametrize("what", RESPONSES)
def test_every_answer_is_the_same(machine: RunningGateway, saved: SavedState, what: str) -> None:
    assert responses_of(machine, saved.scan)[what] == saved.answers[what]


def test_a_token_is_still_valid(machine: RunningGateway, saved: SavedState) -> None:
    with machine.client(headers=bearer(saved.token)) as client:
        assert client.get("/api/me").json()["role"] == "radiologist"


def test_a_queued_analysis_is_run(machine: RunningGateway, saved: SavedState) -> None:
    scans = Scans(machine)
    until(lambda: scans.analysis(saved.waiting)["state"] == "done")


async def test_the_audit_holds_and_goes_on(machine: RunningGateway, saved: SavedState) -> None:
    url = machine.store.database_url.get_secret_value()
    database = Database(url)
    try:
        await seal_all(database)
        assert (await AuditReader(database).verify()).breaks == ()
        async with database.transaction() as session:
            events = await session.scalars(select(AuditRow.action).where(AuditRow.entity == "restore"))
            assert list(events) == ["execute"]
    finally:
        await database.close()


def test_a_restore_beside_a_running_service_is_refused_in_words(machine: RunningGateway, archive: Path) -> None:
    url = machine.store.database_url.get_secret_value()
    run = turnstile(machine.scratch, "restore", str(archive), "--replace", database_url=url)
    assert (run.returncode, "turnstile worker" in run.stderr) == (1, True), run.stderr
    assert "Traceback" not in run.stderr
    assert url.split(":")[2].split("@")[0] not in run.stdout + run.stderr


def test_only_its_owner_reads_a_backup(archive: Path) -> None:
    paths = [archive, *archive.rglob("*")]
    assert {path.stat().st_mode & 0o077 for path in paths} == {0}


async def test_evidence_that_was_changed_is_found(archive: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(archive, tmp_path / "copy"))
    evidence = await anext(one.key async for one in Objects(copy).list_under("derived"))
    await Objects(copy).put(evidence, b"torn")
    with pytest.raises(BackupDamaged, match=evidence):
        await verify_backup(Archive(str(copy)))


def responses_of(running: RunningGateway, scan: UUID) -> dict[str, bytes]:
    answers: dict[str, bytes] = {}
    with running.client() as client:
        for what in RESPONSES:
            answer: httpx.Response = client.get(f"/api/scans/{scan}/{what}")
            assert answer.status_code == 200, (what, answer.text)
            answers[what] = MADE_AT.sub(b"", answer.content)
    return answers


def data_of(scratch: Path) -> Path:
    return scratch.with_name(f"{scratch.name}-data")
