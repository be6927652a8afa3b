"""A gateway that sends, without networks, and an admin's client."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from gateway.permissions import Role
from screening.phantom.phantom_study import write_phantom
from screening.preparation import prepare
from screening.results.evidence import Evidence
from screening.results.fusion import NOT_AUGMENTED, fuse
from screening.results.report import Report
from tests.integration.gateway.auth.api_calls import bearer, gateway_without_networks, make_token
from tests.integration.gateway.records.stored_scans import StoredScans
from tests.integration.gateway.running_gateway import RunningGateway
from tests.integration.pacs.orthanc import Orthanc, running_orthanc
from tests.integration.pacs.sending.outbox import Outbox
from tests.unit.gateway.result_objects.made_result import suspicious_outputs
from tests.unit.screening.studies import RULES, VIEW_SPACING_MM, card_of, study_of

CREDENTIALS = {"archive": "sender:a password"}


@pytest.fixture(scope="session")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_phantom(tmp_path_factory.mktemp("sent") / "chest.zip", slices=24, size=96)


@pytest.fixture(scope="session")
def pathology(study: Path) -> tuple[Report, Evidence]:
    """Of the study, with a box."""
    prepared = prepare(study_of(study, study.parent), 64, VIEW_SPACING_MM)
    outputs = suspicious_outputs(len(prepared.slice_indices))
    fusion = fuse(outputs, NOT_AUGMENTED, prepared.lung_shares, prepared.extents_mm, RULES)
    report = Report.analysed("Quagmire.zip", prepared, outputs, fusion, card_of(), 1.0, {})
    return report, Evidence.of(prepared, outputs, fusion)


@pytest.fixture(autouse=True, scope="module")
def _the_ends_of_pauses_are_seen_soon() -> Iterator[None]:
    """The senders ask the database for what has waited twice a second instead of every three."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gateway.pacs.sending.sender.POLL_S", 0.5)
        yield


@pytest.fixture(scope="module")
def sending_gateway(tmp_path_factory: pytest.TempPathFactory, database_url: str) -> Iterator[RunningGateway]:
    """Its archives have 10 s to answer."""
    folder = tmp_path_factory.mktemp("sending")
    settings = {"pacs_send_answer_s": 10.0, "pacs_send_connect_s": 10.0, "pacs_send_lease_s": 10.0}
    with gateway_without_networks(folder, database_url, pacs_credentials=CREDENTIALS, **settings) as running:
        yield running


@pytest.fixture(scope="module")
def admin(sending_gateway: RunningGateway, database_url: str) -> Iterator[httpx.Client]:
    with sending_gateway.client(headers=bearer(make_token(database_url, Role.ADMIN))) as client:
        yield client


@pytest.fixture(scope="module")
def outbox(
    sending_gateway: RunningGateway, admin: httpx.Client, study: Path, pathology: tuple[Report, Evidence]
) -> Outbox:
    uid = study_of(study, study.parent).study_uid
    return Outbox(admin, StoredScans(sending_gateway), study.read_bytes(), uid, pathology)


@pytest.fixture
def orthanc(tmp_path: Path) -> Iterator[Orthanc]:
    """It checks that it is called by its name."""
    with running_orthanc(tmp_path / "orthanc", DicomAet="ARCHIVE") as running:
        yield running
