"""Once a study from the network was screened, earlier CT of its patient is fetched from a real Orthanc."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest

from gateway.database.connection import Database
from gateway.database.tables import PatientIdentifierRow, ScanOriginRow, ScanRow
from gateway.database.tables.scan_origins import Source
from gateway.mass_runs.durable.results import RunResults
from gateway.pacs.archives.priors import RUN, PriorStudies
from gateway.permissions import GRANTS, Role
from gateway.principal import Principal, PrincipalKind
from gateway.records.scan_upload import ScanUploads
from gateway.settings.archives import DimseArchiveSettings
from gateway.settings.settings import Settings
from gateway.storage.blobs import Blobs
from tests.integration.gateway.analyses.rows import INSTITUTION, new_scan
from tests.integration.pacs.made_studies import study_uid_of, write_study
from tests.integration.pacs.orthanc import AE_TITLE, Orthanc, running_orthanc

PATIENT = "P-17"
THIS_YEAR = datetime.now(UTC).year


@pytest.fixture(scope="module")
def priors(tmp_path_factory: pytest.TempPathFactory) -> dict[int, list[Path]]:
    """CT of the patient of this year and of the three years before, and of eleven years ago, by year."""
    folder = tmp_path_factory.mktemp("priors")
    years = [THIS_YEAR - ago for ago in (0, 1, 2, 3, 11)]
    return {
        year: write_study(folder / f"{year}", seed=year, StudyDate=f"{year}0101", PatientID=PATIENT) for year in years
    }


@pytest.fixture(scope="module")
def archive(priors: dict[int, list[Path]], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    """These, and a study of another patient whose ID begins alike."""
    folder = tmp_path_factory.mktemp("archive")
    with running_orthanc(folder / "orthanc") as orthanc:
        for files in priors.values():
            orthanc.store(files)
        orthanc.store(write_study(folder / "other", seed=1, StudyDate=f"{THIS_YEAR}0102", PatientID=f"{PATIENT}1"))
        yield orthanc


@pytest.fixture
def prior_studies(archive: Orthanc, database: Database, tmp_path: Path) -> PriorStudies:
    settings = Settings(
        pacs_archives={
            "pacs": DimseArchiveSettings(
                host="127.0.0.1", port=archive.dicom_port, ae_title=AE_TITLE, rate="60000 per minute"
            )
        },
        pacs_priors_archive="pacs",
    )
    return PriorStudies(settings, database, ScanUploads(database, Blobs(tmp_path / "blobs")), tmp_path)


async def test_the_newest_priors_are_kept_with_the_patient_once(
    prior_studies: PriorStudies, database: Database, database_url: str, priors: dict[int, list[Path]]
) -> None:
    assert not await prior_studies.fetch_next(), "nothing was screened"
    scan_id = await screened(database, study_uid_of(priors[THIS_YEAR]))
    assert await prior_studies.fetch_next()
    assert not await prior_studies.fetch_next(), "each scan has one search"

    found = rows(database_url, scan_id)
    assert len(found) == 2
    assert {row["study_uid"] for row in found} == {study_uid_of(priors[THIS_YEAR - ago]) for ago in (1, 2)}
    assert {(row["source"], row["sender"], row["rule"], tuple(row["destinations"])) for row in found} == {
        ("archive", "pacs", "prior study", ())
    }
    assert {row["analysis_id"] for row in found} == {None}
    by = Principal("test", PrincipalKind.LOCAL, "test", Role.ADMIN, INSTITUTION, GRANTS[Role.ADMIN])
    entries = [entry async for entry in RunResults(database, by).entries(RUN)]
    assert [entry.reports[0]["error"]["code"] for entry in entries] == ["not_requested"] * 2


async def screened(database: Database, study_uid: str) -> UUID:
    """A scan of the patient that came by C-STORE, and was screened."""
    async with database.transaction() as session:
        scan = await session.get_one(ScanRow, await new_scan(session))
        scan.status, scan.study_uid = "done", study_uid
        identity: dict[str, Any] = {"issuer": "", "number": PATIENT, "patient_id": scan.patient_id}
        session.add(PatientIdentifierRow(institution=INSTITUTION, **identity))
        origin: dict[str, Any] = {"institution": INSTITUTION, "source": Source.DIMSE, "sender": "CT1"}
        session.add(ScanOriginRow(scan_id=scan.id, received_at=datetime.now(UTC), **origin))
        return scan.id


def rows(database_url: str, scan_id: UUID) -> list[dict[str, Any]]:
    """The other scans of the patient."""
    query = """
        SELECT other.study_uid, other.analysis_id, origin.source, origin.sender, origin.rule, origin.destinations
        FROM scans JOIN scans AS other ON other.patient_id = scans.patient_id AND other.id <> scans.id
        JOIN scan_origins AS origin ON origin.scan_id = other.id WHERE scans.id = %s
    """
    with psycopg.connect(database_url, row_factory=psycopg.rows.dict_row) as connection:
        return connection.execute(query, (scan_id,)).fetchall()
