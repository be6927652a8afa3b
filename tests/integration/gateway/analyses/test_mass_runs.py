"""`turnstile enqueue` and `turnstile results` on real PostgreSQL, real workers, a folder and a real S3 protocol."""

import asyncio
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from uuid import UUID

import httpx
import polars
import pytest
from moto.server import ThreadedMotoServer
from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute
from typer.testing import CliRunner, Result

from gateway.audit import store as audit_rows
from gateway.cli.app import app
from gateway.cli.results import UNFINISHED
from gateway.cli.screen import FAILED
from gateway.database.tables import AnalysisRow, AuditRow, PatientRow, RunItemRow, RunRow, ScanRow
from gateway.storage.objects import Objects
from screening.phantom.phantom_study import write_phantom
from tests.integration.gateway.analyses.scan_calls import Scans
from tests.integration.gateway.running_gateway import RunningGateway, running_gateway, same_triton
from tests.integration.polling import until

STUDIES = 4


@pytest.fixture(scope="module")
def site(gateway: RunningGateway, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    """A gateway on the same Triton that analyses nothing itself."""
    folder = tmp_path_factory.mktemp("site") / "scratch"
    folder.mkdir()
    with running_gateway(folder, workers=0, **same_triton(gateway)) as running:
        yield running


@pytest.fixture
def scans(site: RunningGateway) -> Scans:
    return Scans(site)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four uploads that read, one that has no DICOM, one that is empty, and a file that is no upload."""
    folder = tmp_path_factory.mktemp("archive")
    for number in range(STUDIES - 1):
        write_phantom(folder / f"{number}.zip", slices=24, size=128, seed=number)
    write_phantom(folder / "folder", slices=24, size=128, seed=9)
    (folder / "empty.nii").write_bytes(b"")
    (folder / "odd").mkdir()
    (folder / "odd" / "notes.txt").write_text("no DICOM here")
    (folder / "labels.csv").write_text("path,label\n")
    return folder


@pytest.fixture(autouse=True)
def environment(site: RunningGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings that another machine of the site would have."""
    for name, value in environment_of(site).items():
        monkeypatch.setenv(name, value)


def environment_of(site: RunningGateway) -> dict[str, str]:
    return {
        "TURNSTILE_DATABASE_URL": site.store.database_url.get_secret_value(),
        "TURNSTILE_DATA_FOLDER": str(site.scratch.with_name(f"{site.scratch.name}-data")),
        "TURNSTILE_TRITON_URL": site.services.triton_url,
        "COLUMNS": "160",
        **site.secrets,
    }


def turnstile(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@contextmanager
def worker(log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A worker process of its own, until the block ends."""
    environ = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "TURNSTILE_DRAIN_S": "0"}
    with log.open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "gateway.cli", "worker", "--at-once", "1"], env=environ, stdout=said, stderr=said
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def count(scans: Scans, run: str, scan_id: InstrumentedAttribute[UUID] = ScanRow.id) -> int:
    """How many scans, or rows of another table about them, belong to the run."""

    async def counted(session: AsyncSession) -> int:
        items = select(RunItemRow.scan_id).join(RunRow, RunRow.id == RunItemRow.run_id).where(RunRow.name == run)
        return await session.scalar(select(func.count(scan_id)).where(scan_id.in_(items))) or 0

    return scans.in_database(counted)


@pytest.mark.heavy
def test_a_run_is_enqueued_once_and_shared_by_two_workers(scans: Scans, archive: Path, tmp_path: Path) -> None:
    first = turnstile("enqueue", archive, "--name", "autumn")
    assert first.exit_code == FAILED, first.output
    assert "labels.csv" in first.stderr
    assert "5 put into the queue, 1 could not be" in first.output
    again = turnstile("enqueue", archive, "--name", "autumn")
    assert again.exit_code == 0, again.output
    assert (count(scans, "autumn"), count(scans, "autumn", AnalysisRow.scan_id)) == (5, 5)

    report = tmp_path / "autumn.parquet"
    early = turnstile("results", "autumn", "-o", report)
    assert early.exit_code == UNFINISHED
    assert "1 ended, 5 waiting" in early.output
    assert polars.read_parquet(report)["error"].to_list() == ["empty_upload"]

    with ExitStack() as stack:
        for number in range(2):
            stack.enter_context(worker(tmp_path / f"worker{number}.log"))
        late = turnstile("results", "autumn", "-o", report, "--wait")
    assert late.exit_code == FAILED, late.output
    rows = polars.read_parquet(report)
    assert Counter(map(Path, rows["path_to_study"])) == Counter(
        archive / name for name in ("0.zip", "1.zip", "2.zip", "folder", "empty.nii", "odd")
    ), "each upload's row exactly once"
    errors = {Path(row["path_to_study"]).name: row["error"] for row in rows.iter_rows(named=True)}
    assert {name: error for name, error in errors.items() if error} == {"empty.nii": "empty_upload", "odd": "not_dicom"}
    assert rows.filter(polars.col("error").is_not_null())["pathology"].null_count() == 2


def test_a_run_writes_the_same_audit_events_as_the_api(scans: Scans, archive: Path) -> None:
    turnstile("enqueue", archive / "0.zip", "--name", "audited", "--urgent")

    async def events(session: AsyncSession) -> list[tuple[str, str]]:
        await audit_rows.seal(session, 1000)
        newest = select(AuditRow.action, AuditRow.entity).order_by(AuditRow.seq.desc()).limit(4)
        return [(row.action, row.entity) for row in await session.execute(newest)][::-1]

    assert scans.in_database(events) == [
        ("create", "patient"),
        ("create", "run"),
        ("create", "scan"),
        ("execute", "analysis"),
    ]

    async def made(session: AsyncSession) -> tuple[str, bool, str]:
        found = select(PatientRow.last_name, ScanRow.urgent, ScanRow.file_name).join(
            PatientRow, PatientRow.id == ScanRow.patient_id
        )
        name, urgent, file_name = (await session.execute(found.where(PatientRow.last_name == "audited"))).one()
        return name, urgent, file_name

    assert scans.in_database(made) == ("audited", True, "0.zip")


def test_a_deleted_scan_is_reported_without_its_path(scans: Scans, archive: Path, tmp_path: Path) -> None:
    turnstile("enqueue", archive / "0.zip", archive / "1.zip", "--name", "winter")

    async def scan_of(session: AsyncSession) -> UUID:
        found = select(ScanRow.id).join(RunItemRow, RunItemRow.scan_id == ScanRow.id)
        found = found.where(RunItemRow.item == str(archive / "0.zip"), ScanRow.patient.has(last_name="winter"))
        return (await session.scalars(found)).one()

    scan = scans.in_database(scan_of)
    scans.in_database(lambda session: session.execute(delete(ScanRow).where(ScanRow.id == scan)))
    report = tmp_path / "winter.csv"
    assert turnstile("results", "winter", "-o", report).exit_code == UNFINISHED
    assert "scan_deleted" in report.read_text()
    assert "0.zip" not in report.read_text()
    assert turnstile("enqueue", archive / "0.zip", "--name", "winter").exit_code == 0
    assert count(scans, "winter") == 1, "what was deleted is not put in again"


def test_the_queue_is_filled_up_to_the_limit_only(scans: Scans, archive: Path, tmp_path: Path) -> None:
    waiting = scans.in_database(
        lambda session: session.scalar(select(func.count()).where(AnalysisRow.state == "queued"))
    )
    command = [sys.executable, "-m", "gateway.cli", "enqueue", str(archive), "--name", "ahead", "--at-once", "1"]
    command += ["--ahead", str((waiting or 0) + 2)]
    environ = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run:
        until(lambda: count(scans, "ahead") == 2)
        run.kill()
    standing = turnstile("results", "ahead")
    assert standing.exit_code == UNFINISHED
    assert "not in the queue yet" in standing.output
    assert turnstile("enqueue", archive, "--name", "ahead").exit_code == FAILED
    assert count(scans, "ahead") == 5, "a killed run goes on and adds nothing twice"


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An empty bucket of a server that speaks S3."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    httpx.put(f"{endpoint}/archive", trust_env=False).raise_for_status()
    for name, value in {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ALLOW_HTTP": "true",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    yield "s3://archive"
    server.stop()


def test_a_bucket_is_the_folder_that_was_copied_into_it(scans: Scans, archive: Path, bucket: str) -> None:
    files = {str(file.relative_to(archive)): file.read_bytes() for file in archive.rglob("*") if file.is_file()}
    asyncio.run(put(f"{bucket}/deep/prefix", files))
    run = turnstile("enqueue", f"{bucket}/deep/prefix", "--name", "s3")
    assert run.exit_code == FAILED, run.output
    assert "5 put into the queue, 1 could not be" in run.output
    local = turnstile("enqueue", archive, "--name", "disk")
    assert local.exit_code == FAILED
    assert hashes(scans, "s3") == hashes(scans, "disk"), "the same bytes, folders too"
    study = turnstile("enqueue", f"{bucket}/deep/prefix/folder", "--name", "one study")
    assert study.exit_code == 0, study.output
    assert count(scans, "one study") == 1


async def put(url: str, files: dict[str, bytes]) -> None:
    objects = Objects(url)
    for name, content in files.items():
        await objects.put(name, content)


def hashes(scans: Scans, run: str) -> dict[str, str]:
    async def found(session: AsyncSession) -> dict[str, str]:
        rows = await session.execute(
            select(ScanRow.file_name, ScanRow.sha256)
            .join(RunItemRow, RunItemRow.scan_id == ScanRow.id)
            .join(RunRow, RunRow.id == RunItemRow.run_id)
            .where(RunRow.name == run)
        )
        return {row.file_name: row.sha256 for row in rows}

    return scans.in_database(found)


def test_an_unknown_run_and_an_unknown_patient_are_errors(archive: Path) -> None:
    assert turnstile("results", "nobody's").exit_code == 1
    unknown = "00000000-0000-0000-0000-000000000000"
    assert turnstile("enqueue", archive / "0.zip", "--name", "strange", "--patient", unknown).exit_code == 1
    assert turnstile("results", "strange").exit_code == 1, "nothing was made"
    assert turnstile("enqueue", archive / "none.zip", "--name", "strange").exit_code == 2
