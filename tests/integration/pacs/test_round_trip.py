"""A real study goes round: storescu -> listener -> screened -> SR and SEG in the archive, found there by DICOMweb."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from pydicom import Dataset, dcmread

from screening.phantom.phantom_study import write_phantom
from tests.integration.faults.fault_service import ServiceUnderFaults, running_service
from tests.integration.faults.service_programs import PATIENCE_S
from tests.integration.pacs.beside import orthanc_beside
from tests.integration.pacs.orthanc import AE_TITLE, Orthanc, free_ports, running_orthanc
from tests.integration.pacs.receiving.senders import dcmtk
from tests.integration.polling import until
from tests.postgres import RunningPostgres
from tests.segmentation_region import region_centres_mm

STUDY = "lung_dx_a0002"  # an adenocarcinoma, 60 slices in two series
SUSPICIOUS_REGION = 2  # the segment of the SEG


@pytest.fixture(scope="module")
def port() -> int:
    (port,) = free_ports(1)
    return port


@pytest.fixture(scope="module")
def orthanc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    with running_orthanc(tmp_path_factory.mktemp("orthanc")) as running:
        yield running


@pytest.fixture(scope="module")
def service(
    tmp_path_factory: pytest.TempPathFactory, postgres: RunningPostgres, port: int
) -> Iterator[ServiceUnderFaults]:
    listening = {
        "TURNSTILE_PACS_LISTEN": "true",
        "TURNSTILE_PACS_PORT": str(port),
        "TURNSTILE_PACS_COMPLETE_AFTER_S": "3",
    }
    with running_service(tmp_path_factory.mktemp("service"), postgres, more_environ=listening) as running:
        yield running


def test_a_real_study_comes_back_with_its_result(
    service: ServiceUnderFaults, orthanc: Orthanc, port: int, real_data: Path
) -> None:
    add_destination(service, orthanc)
    files = sorted((real_data / "dicom" / STUDY).rglob("*.dcm"))
    study_uid = str(dcmread(files[0], stop_before_pixels=True).StudyInstanceUID)
    sent = dcmtk("storescu", "-aec", "TURNSTILE", "127.0.0.1", port, *files)
    assert sent.returncode == 0, sent.stderr

    until(lambda: modalities(orthanc, study_uid) >= {"SR", "SEG"}, 2 * PATIENCE_S)
    report = report_of(service, study_uid)
    (structured,) = objects_of(orthanc, study_uid, "SR")
    (segmentation,) = objects_of(orthanc, study_uid, "SEG")
    for one in (structured, segmentation):
        assert one.StudyInstanceUID == study_uid
        assert one.PatientID == dcmread(files[0], stop_before_pixels=True).PatientID

    box = report["evidence"]["localisation"]
    assert report["verdict"] == "pathology"
    lowest, highest = region_centres_mm(segmentation, SUSPICIOUS_REGION)
    measures = segmentation.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    row_mm, column_mm = (float(mm) for mm in measures.PixelSpacing)
    half = np.array([column_mm, row_mm, float(measures.SpacingBetweenSlices)]) / 2
    np.testing.assert_allclose(lowest - half, box["lps_mm"][0], atol=0.01)
    np.testing.assert_allclose(highest + half, box["lps_mm"][1], atol=0.01)


@pytest.mark.heavy
def test_a_study_sent_to_the_archive_beside_comes_back_there_with_its_result(
    service: ServiceUnderFaults, port: int, tmp_path: Path
) -> None:
    write_phantom(tmp_path / "chest", slices=24, size=96)
    files = sorted(one for one in (tmp_path / "chest").rglob("*") if one.is_file())
    study_uid = str(dcmread(files[0], stop_before_pixels=True).StudyInstanceUID)
    with orthanc_beside(tmp_path / "beside", port) as beside:
        add_destination(service, beside, "beside")
        sent = dcmtk("storescu", "-aet", "CT1", "-aec", AE_TITLE, "127.0.0.1", beside.dicom_port, *files)
        assert sent.returncode == 0, sent.stderr
        until(lambda: modalities(beside, study_uid) >= {"CT", "SR", "SEG"}, 2 * PATIENCE_S)
        assert report_of(service, study_uid)["verdict"] in {"normal", "pathology"}
        for modality in ("SR", "SEG"):
            assert len(objects_of(beside, study_uid, modality)) == 1
        passed_on = [one for job in beside.get("/jobs?expand") for one in job["Content"]["ParentResources"]]
        assert {beside.get(f"/series/{one}")["MainDicomTags"]["Modality"] for one in passed_on} == {"CT"}


def add_destination(service: ServiceUnderFaults, orthanc: Orthanc, name: str = "archive") -> None:
    """Results go to this archive by default, as SR and SEG."""
    address = {"host": "127.0.0.1", "port": orthanc.dicom_port, "called_ae": AE_TITLE}
    encodings = {"encodings": ["sr", "seg"], "by_default": True}
    with httpx.Client(base_url=service.url, timeout=60, trust_env=False) as client:
        answer = client.post("/api/destinations", json={"name": name, "kind": "dimse"} | address | encodings)
        assert answer.status_code == 201, answer.text


def report_of(service: ServiceUnderFaults, study_uid: str) -> dict[str, Any]:
    """The report of the study, which one scan holds."""
    with httpx.Client(base_url=service.url, timeout=60, trust_env=False) as client:
        (scan,) = [one for one in client.get("/api/scans").json()["items"] if one["study_uid"] == study_uid]
        (report,) = client.get(f"/api/scans/{scan['id']}/report").raise_for_status().json()["studies"]
    return dict(report)


def modalities(orthanc: Orthanc, study_uid: str) -> set[str]:
    """Of the study's series in the archive, by QIDO-RS."""
    with orthanc.client() as client:
        answer = client.get(f"/dicom-web/studies/{study_uid}/series")
    series = answer.json() if answer.status_code == 200 and answer.content else []
    return {one["00080060"]["Value"][0] for one in series}


def objects_of(orthanc: Orthanc, study_uid: str, modality: str) -> list[Dataset]:
    """The study's objects of this modality in the archive, by QIDO-RS and Orthanc's files."""
    found = orthanc.get(f"/dicom-web/studies/{study_uid}/instances")
    uids = [one["00080018"]["Value"][0] for one in found if one["00080060"]["Value"][0] == modality]
    return [dcmread(BytesIO(orthanc.file_of(uid))) for uid in uids]
