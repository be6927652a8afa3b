"""What is left of a deleted patient: ids, and no name in the database, the files, the shared memory and the logs."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

import httpx
import psycopg
import pydicom
import pytest
from psycopg import sql
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.database.tables import AnalysisRow, ReportRow, RunItemRow, RunRow
from gateway.permissions import Role
from screening.phantom.phantom_study import write_phantom
from tests.integration.gateway.auth.api_calls import INSTITUTION, bearer, gateway_without_networks, make_token, problem
from tests.integration.gateway.gateway_data import in_transaction
from tests.integration.gateway.records.upload_calls import upload
from tests.integration.gateway.running_gateway import RunningGateway

NAME: Final = "Xylophagous"  # no other text of the service contains it
CREATE: Final = {"first_name": NAME, "last_name": f"{NAME}-Last", "description": f"{NAME} was here"}
PATIENT_KEY, SCAN_KEY = f"{NAME}-patient", f"{NAME}-scan"
SHARED_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - where decode workers put pixels
PLANTED: Final = {"feedback", "patients", "reports", "run_items", "scans"}


@pytest.fixture
def running(tmp_path: Path, database_url: str) -> Iterator[RunningGateway]:
    with gateway_without_networks(tmp_path, database_url) as running:
        yield running


@pytest.fixture
def client(running: RunningGateway, database_url: str) -> Iterator[httpx.Client]:
    with running.client(headers=bearer(make_token(database_url, Role.RADIOLOGIST))) as client:
        yield client


def test_after_its_deletion_nothing_names_a_patient(
    running: RunningGateway,
    client: httpx.Client,
    tmp_path: Path,
    database_url: str,
    capfd: pytest.CaptureFixture[str],
) -> None:
    study = named_study(tmp_path / "study")
    patient, scan = plant(running, client, study)
    assert tables_with_the_name(database_url) == PLANTED, "the search finds what was planted"
    assert files_with_the_name(tmp_path), "the name is in the stored file"

    assert client.delete(f"/api/patients/{patient}").status_code == 204

    assert tables_with_the_name(database_url) == set()
    assert files_with_the_name(tmp_path) == []
    assert files_with_the_name(SHARED_MEMORY, "turnstile*") == []
    for path in (f"/api/patients/{patient}", f"/api/scans/{scan}", f"/api/scans/{scan}/series"):
        assert client.get(path).status_code == 404
    assert problem(create(client)) == (410, "record_deleted")
    assert problem(upload_study(client, patient, study)) == (404, "not_found")
    assert client.get("/api/patients", params={"q": NAME}).json()["total"] == 0, "and nothing was created again"
    assert tables_with_the_name(database_url) == set()
    assert NAME.lower() not in "".join(capfd.readouterr()).lower()


def plant(running: RunningGateway, client: httpx.Client, study: bytes) -> tuple[str, str]:
    """The name everywhere a client can put it; the ids of the patient and of the scan."""
    patient = create(client).json()["id"]
    scan = upload_study(client, patient, study).json()["id"]
    assert upload_study(client, patient, study).json()["id"] == scan, "a repeated request gets the same scan"
    in_transaction(running, lambda session: add_report(session, UUID(patient), UUID(scan)))
    comment = {"agrees": False, "comment": f"{NAME} has none"}
    assert client.post(f"/api/scans/{scan}/feedback", json=comment).status_code == 200
    assert client.get("/api/patients", params={"q": NAME}).json()["total"] == 1
    assert client.get("/api/scans", params={"q": NAME}).json()["total"] == 1
    for view in ("series", "slices/0", "volume.nii.gz", "thumbnail.png", "file"):
        assert client.get(f"/api/scans/{scan}/{view}").status_code == 200, view
    return patient, scan


def create(client: httpx.Client) -> httpx.Response:
    return client.post("/api/patients", json=CREATE, headers={"Idempotency-Key": PATIENT_KEY})


def upload_study(client: httpx.Client, patient: str, study: bytes) -> httpx.Response:
    return upload(client, patient, study, f"{NAME}.zip", key=SCAN_KEY, description=f"{NAME}'s chest")


async def add_report(session: AsyncSession, patient: UUID, scan: UUID) -> None:
    """A report with the name in its body, and a mass run with the name in its path."""
    analysis = AnalysisRow(id=uuid4(), scan_id=scan, institution=INSTITUTION, state="done", requested_by="token:1")
    session.add(analysis)
    await session.flush()
    body = {"path_to_study": f"/archive/{NAME}.zip", "warnings": [NAME]}
    session.add(
        ReportRow(
            analysis_id=analysis.id, scan_id=scan, institution=INSTITUTION, verdict="not_analysed", version=1, body=body
        )
    )
    run = RunRow(id=uuid4(), institution=INSTITUTION, name="night", patient_id=patient, requested_by="token:1")
    session.add(run)
    await session.flush()
    session.add(RunItemRow(run_id=run.id, key="0" * 64, item=f"/archive/{NAME}.zip", scan_id=scan))


def named_study(folder: Path) -> bytes:
    """An uncompressed zip of a chest whose headers name the patient."""
    write_phantom(folder, slices=16, size=128)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for number, path in enumerate(sorted(path for path in folder.rglob("*") if path.is_file())):
            dataset = pydicom.dcmread(path)
            dataset.PatientName, dataset.SeriesDescription = f"{NAME}^Last", f"{NAME} thorax"
            file = io.BytesIO()
            dataset.save_as(file)
            archive.writestr(f"{NAME}/{number:03}.dcm", file.getvalue())
            path.unlink()
    return packed.getvalue()


def tables_with_the_name(database_url: str) -> set[str]:
    """Tables with the name in any column; a binary column reads as hexadecimal digits."""
    found = set()
    with psycopg.connect(database_url) as connection:
        names = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        for (name,) in names:
            rows = connection.execute(sql.SQL("SELECT t::text FROM {} AS t").format(sql.Identifier(name))).fetchall()
            text = "\n".join(row for (row,) in rows).lower()
            if NAME.lower() in text or NAME.encode().hex() in text:
                found.add(name)
    return found


def files_with_the_name(folder: Path, pattern: str = "*") -> list[Path]:
    """Files below the folder with the name in their own name or in their bytes."""
    files = [path for start in folder.glob(pattern) for path in (start, *start.rglob("*")) if path.is_file()]
    return [path for path in files if NAME in str(path) or NAME.encode() in path.read_bytes()]
