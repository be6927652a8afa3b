"""A gateway that holds a study with a result, and clients of DICOMweb."""

import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pydicom
import pytest
import requests
from dicomweb_client.api import DICOMwebClient
from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset

from gateway.permissions import Role
from screening.phantom.phantom_study import write_phantom
from screening.preparation import prepare
from screening.results.evidence import Evidence
from screening.results.fusion import NOT_AUGMENTED, fuse
from screening.results.report import Report
from tests.integration.gateway.auth.api_calls import make_token
from tests.integration.gateway.records.stored_scans import StoredScans
from tests.integration.gateway.records.viewing_calls import add_report, create_scan, datasets
from tests.integration.gateway.running_gateway import RunningGateway
from tests.unit.gateway.result_objects.made_result import suspicious_outputs
from tests.unit.screening.studies import RULES, VIEW_SPACING_MM, card_of, study_of

Reader = Callable[..., DICOMwebClient]


@pytest.fixture(scope="module")
def reader_for(records: RunningGateway, database_url: str) -> Reader:
    """Creates a DICOMweb client with a new token."""

    def reader(role: Role, institution: str = "st-anna", **options: Any) -> DICOMwebClient:
        session = requests.Session()
        session.trust_env = False
        session.headers["Authorization"] = f"Bearer {make_token(database_url, role, institution, **options)}"
        return DICOMwebClient(f"{records.url}/dicom-web", session=session)

    return reader


@pytest.fixture(scope="module")
def reader(reader_for: Reader) -> DICOMwebClient:
    return reader_for(Role.RADIOLOGIST)


@pytest.fixture(scope="module")
def admin(client_for: Callable[..., httpx.Client]) -> Iterator[httpx.Client]:
    with client_for(Role.ADMIN) as client:
        yield client


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A zip with a synthetic chest of a patient with a name in Cyrillic."""
    folder = tmp_path_factory.mktemp("archive")
    write_phantom(folder / "chest", slices=24, size=96)
    path = folder / "chest.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for number, file in enumerate(sorted(one for one in (folder / "chest").rglob("*") if one.is_file())):
            slice_ = pydicom.dcmread(file)
            slice_.SpecificCharacterSet = "ISO_IR 144"
            slice_.PatientName, slice_.PatientID = "Анна^Ковалёва", "HELD-1"
            slice_.StudyDate, slice_.AccessionNumber = "20240229", "ACC-77"
            slice_.PatientBirthDate, slice_.ReferringPhysicianName = "19500101", "House^G"
            slice_.WindowCenter, slice_.WindowWidth = "-600", "1500"
            slice_.save_as(file)
            packed.write(file, f"{number}.dcm")
    return path


@pytest.fixture(scope="module")
def originals(archive: Path) -> list[Dataset]:
    """The slices of the archive as pydicom reads them."""
    return datasets(archive.read_bytes())


@pytest.fixture(scope="module")
def files(archive: Path) -> dict[str, bytes]:
    """The files of the archive by SOP Instance UID."""
    with zipfile.ZipFile(archive) as packed:
        contents = [packed.read(name) for name in packed.namelist()]
    return {str(pydicom.dcmread(io.BytesIO(one), stop_before_pixels=True).SOPInstanceUID): one for one in contents}


@pytest.fixture(scope="module")
def held(radiologist: httpx.Client, stored_scans: StoredScans, archive: Path) -> str:
    """The scan of the archive, with the report of a pathology."""
    prepared = prepare(study_of(archive, archive.parent), 64, VIEW_SPACING_MM)
    outputs = suspicious_outputs(len(prepared.slice_indices))
    fusion = fuse(outputs, NOT_AUGMENTED, prepared.lung_shares, prepared.extents_mm, RULES)
    report = Report.analysed("chest.zip", prepared, outputs, fusion, card_of(), 1.0, {})
    scan = create_scan(radiologist, archive.read_bytes())
    add_report(stored_scans, scan, Evidence.of(prepared, outputs, fusion), report=report)
    return scan


def value(element_of: dict[str, Any], keyword: str) -> Any:
    """The first value of an element in DICOM JSON."""
    return element_of[f"{tag_for_keyword(keyword):08X}"]["Value"][0]
