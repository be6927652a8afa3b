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
from tests.integration.gateway.auth.api_calls import make_token
from tests.integration.gateway.records.dicomweb.held_study import store_with_report, write_named_chest
from tests.integration.gateway.records.stored_scans import StoredScans
from tests.integration.gateway.records.viewing_calls import datasets
from tests.integration.gateway.running_gateway import RunningGateway

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
    return write_named_chest(tmp_path_factory.mktemp("archive"))


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
    return store_with_report(radiologist, stored_scans, archive)


def value(element_of: dict[str, Any], keyword: str) -> Any:
    """The first value of an element in DICOM JSON."""
    return element_of[f"{tag_for_keyword(keyword):08X}"]["Value"][0]
