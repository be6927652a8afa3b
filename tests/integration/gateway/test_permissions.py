"""Permissions: each call of the OpenAPI description is a row, anonymous and each role a column.

A permitted call for a record that does not exist answers 404.
"""

import gzip
import io
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import httpx
import psycopg
import pydicom
import pypdfium2
import pytest
from pydantic import SecretStr

from gateway.permissions import Role
from screening.phantom.phantom_study import write_phantom
from tests.integration.gateway.auth.api_calls import INSTITUTION, bearer, make_token, problem
from tests.integration.gateway.records.dicomweb.held_study import READING_S
from tests.integration.gateway.running_gateway import RunningGateway, running_gateway
from tests.integration.polling import until

NAMES: Final = ("Zebulon", "Quagmire")  # no other text of the service contains these
FREE_TEXTS: Final = (
    "StudyDescription",
    "SeriesDescription",
    "PatientComments",
    "InstitutionName",
    "ProtocolName",
    "ManufacturerModelName",
    "Manufacturer",
    "ImageComments",
    "StudyComments",
    "AcquisitionComments",
    "OperatorsName",
    "RequestedProcedureDescription",
    "AdditionalPatientHistory",
)
COLUMNS: Final = ("anonymous", Role.RESEARCHER, Role.RADIOLOGIST, Role.ADMIN)
UNKNOWN_ID: Final = str(uuid4())
PARTS: Final = {"number": "0", "numbers": "1", "frame": "1", "tag": "7FE00010"}  # of a scan, by their names in paths


@dataclass(frozen=True)
class Call:
    """One row: the call, what it sends, and the status for anonymous, researcher, radiologist and admin."""

    call: str
    answers: tuple[int, int, int, int]
    query: dict[str, Any] = field(default_factory=dict)
    json: Any = None
    unknown_ids: bool = False  # with ids that do not exist, since the call would change existing records

    @property
    def method(self) -> str:
        return self.call.split()[0]

    @property
    def path(self) -> str:
        return self.call.split()[1]


PUBLIC: Final = (200, 200, 200, 200)
SIGNED_IN: Final = (401, 200, 200, 200)
WITH_NAMES: Final = (401, 403, 200, 200)  # DICOM objects repeat the patient's name
ARCHIVE: Final = {"name": "archive", "kind": "dimse", "host": "pacs", "port": 104, "called_ae": "PACS"}
NEW_NAME: Final = {"first_name": "Zebulon", "last_name": "Quagmire"}

API: Final = (
    Call("GET /healthz", PUBLIC),
    Call("GET /readyz", PUBLIC),
    Call("GET /metrics", PUBLIC),
    Call("GET /auth/ways", PUBLIC),
    Call("GET /auth/login", (404, 404, 404, 404)),  # no identity provider is configured
    Call("GET /auth/callback", (404, 404, 404, 404), {"state": "x", "code": "x"}),
    Call("POST /auth/token", (401, 401, 401, 401), json={"token": "ts_x"}),
    Call("POST /auth/logout", (401, 204, 204, 204)),
    Call("GET /api/me", SIGNED_IN),
    Call("GET /api/model-card", SIGNED_IN),
    Call("PUT /api/model-card", (401, 403, 403, 422), json={"version": "site-of-nobody"}),
    Call("GET /api/model-cards", (401, 403, 403, 200)),
    Call("GET /api/patients", SIGNED_IN),
    Call("GET /api/patients/", SIGNED_IN),
    Call("POST /api/patients", (401, 403, 201, 201), json=NEW_NAME),
    Call("POST /api/patients/", (401, 403, 201, 201), json=NEW_NAME),
    Call("GET /api/patients/{patient_id}", SIGNED_IN),
    Call("PUT /api/patients/{patient_id}", (401, 403, 200, 200), json=NEW_NAME),
    Call("DELETE /api/patients/{patient_id}", (401, 403, 404, 404), unknown_ids=True),
    Call("GET /api/scans", SIGNED_IN),
    Call("GET /api/scans/", SIGNED_IN),
    Call("POST /api/scans", (401, 403, 415, 415)),
    Call("POST /api/scans/", (401, 403, 415, 415)),
    Call("POST /api/scans/bulk", (401, 403, 415, 415)),
    Call("POST /api/scans/analyze", (401, 403, 202, 202), json={"ids": [UNKNOWN_ID]}, unknown_ids=True),
    Call("GET /api/scans/{scan_id}", SIGNED_IN),
    Call("PUT /api/scans/{scan_id}", (401, 403, 200, 200), json={"description": "Quagmire again"}),
    Call("DELETE /api/scans/{scan_id}", (401, 403, 404, 404), unknown_ids=True),
    Call("GET /api/scans/{scan_id}/file", (401, 403, 200, 200)),
    Call("HEAD /api/scans/{scan_id}/file", (401, 403, 200, 200)),
    Call("POST /api/scans/{scan_id}/analyze", (401, 403, 404, 404), unknown_ids=True),
    Call("GET /api/scans/{scan_id}/analysis", SIGNED_IN),
    Call("DELETE /api/scans/{scan_id}/analysis", (401, 403, 404, 404), unknown_ids=True),
    Call("GET /api/scans/{scan_id}/analyses", SIGNED_IN),
    Call("GET /api/scans/{scan_id}/analysis/events", SIGNED_IN),
    Call("GET /api/scans/{scan_id}/report", SIGNED_IN),
    Call("GET /api/scans/{scan_id}/report", SIGNED_IN, {"format": "csv"}),
    Call("GET /api/scans/{scan_id}/report", SIGNED_IN, {"format": "xlsx"}),
    Call("GET /api/scans/{scan_id}/report", SIGNED_IN, {"format": "pdf"}),
    Call("GET /api/scans/{scan_id}/report", SIGNED_IN, {"format": "fhir"}),
    Call("GET /api/scans/{scan_id}/report", WITH_NAMES, {"format": "dicom"}),
    Call("GET /api/scans/{scan_id}/report", WITH_NAMES, {"format": "dicom-sr"}),
    Call("GET /api/scans/{scan_id}/report", WITH_NAMES, {"format": "dicom-seg"}),
    Call("GET /api/scans/{scan_id}/report", WITH_NAMES, {"format": "dicom-pm"}),
    Call("GET /api/scans/{scan_id}/report", WITH_NAMES, {"format": "dicom-sc"}),
    Call("GET /api/scans/{scan_id}/report", WITH_NAMES, {"format": "dicom-pdf"}),
    Call("GET /api/scans/{scan_id}/reports", SIGNED_IN),
    Call("GET /api/scans/{scan_id}/series", SIGNED_IN),
    Call("GET /api/scans/{scan_id}/slices/{number}", SIGNED_IN),
    Call("GET /api/scans/{scan_id}/slices/{number}", SIGNED_IN, {"format": "raw"}),
    Call("GET /api/scans/{scan_id}/volume.nii.gz", SIGNED_IN),
    Call("GET /api/scans/{scan_id}/lungs.nii.gz", SIGNED_IN),
    Call("GET /api/scans/{scan_id}/heatmap.nii.gz", SIGNED_IN),
    Call("GET /api/scans/{scan_id}/thumbnail.png", SIGNED_IN),
    Call("POST /api/scans/{scan_id}/feedback", (401, 403, 200, 200), json={"agrees": False, "comment": "Quagmire's"}),
    Call("GET /api/scans/{scan_id}/feedback", (401, 404, 200, 200)),
    Call("GET /api/feedback", SIGNED_IN),
    Call("GET /api/feedback", SIGNED_IN, {"format": "csv"}),
    Call("GET /api/statistics", SIGNED_IN),
    Call("GET /api/operating-point", SIGNED_IN),
    Call("PUT /api/operating-point", (401, 403, 403, 422), json={"name": "of my own"}),
    Call("GET /api/incoming-studies", (401, 403, 403, 200)),
    Call("GET /api/senders", (401, 403, 403, 200), {"from": "2026-01-01T00:00:00Z"}),
    Call("GET /api/routing-rules", (401, 403, 403, 200)),
    Call("PUT /api/routing-rules", (401, 403, 403, 200), json={"rules": []}),
    Call("POST /api/routing-rules/try", (401, 403, 403, 200), json={"rules": []}),
    Call("GET /api/destinations", (401, 403, 403, 200)),
    Call("POST /api/destinations", (401, 403, 403, 422), json={"name": "archive", "kind": "dimse"}),
    Call("PUT /api/destinations/{destination_id}", (401, 403, 403, 404), json=ARCHIVE, unknown_ids=True),
    Call("DELETE /api/destinations/{destination_id}", (401, 403, 403, 404), unknown_ids=True),
    Call("POST /api/destinations/{destination_id}/echo", (401, 403, 403, 404), unknown_ids=True),
    Call("GET /api/deliveries", SIGNED_IN),
    Call("POST /api/deliveries/{delivery_id}/send-again", (401, 403, 403, 404), unknown_ids=True),
    Call("POST /inference/predict", (401, 403, 400, 400)),
    Call("POST /dicom-web/studies", (401, 403, 415, 415)),
    Call("POST /dicom-web/studies/{study_uid}", (401, 403, 415, 415)),
    Call("GET /api/tokens", (401, 403, 403, 200)),
    Call("POST /api/tokens", (401, 403, 403, 201), json={"name": "x", "role": "researcher"}),
    Call("DELETE /api/tokens/{token_id}", (401, 403, 403, 404), unknown_ids=True),
    Call("GET /api/audit", (401, 403, 403, 200)),
    Call("GET /api/audit/export", (401, 403, 403, 200)),
    Call("GET /api/audit/export", (401, 403, 403, 200), {"format": "fhir"}),
)
DICOM_STUDY: Final = "GET /dicom-web/studies/{study_uid}"
DICOM_SERIES: Final = DICOM_STUDY + "/series/{series_uid}"
DICOM_INSTANCE: Final = DICOM_SERIES + "/instances/{instance_uid}"
DICOMWEB: Final = (
    *(Call(f"GET /dicom-web/{level}", SIGNED_IN) for level in ("studies", "series", "instances")),
    *(Call(f"{DICOM_STUDY}/{level}", SIGNED_IN) for level in ("series", "instances", "metadata")),
    *(Call(f"{DICOM_SERIES}/{level}", SIGNED_IN) for level in ("instances", "metadata")),
    *(
        Call(f"{DICOM_INSTANCE}/{what}", SIGNED_IN)
        for what in ("metadata", "frames/{numbers}", "frames/{frame}/rendered", "rendered", "thumbnail")
    ),
    *(Call(path, WITH_NAMES) for path in (DICOM_STUDY, DICOM_SERIES, DICOM_INSTANCE)),
    Call(f"{DICOM_INSTANCE}/bulkdata/{{tag}}", WITH_NAMES),
)
TABLE: Final = (*API, *DICOMWEB)
UNDOCUMENTED: Final = {"/api/patients/", "/api/scans/"}  # the same calls with a trailing slash


@dataclass(frozen=True)
class RecordsService:
    """A gateway with one patient, whose scan has a report."""

    gateway: RunningGateway
    clients: dict[str, httpx.Client]
    other_institution: httpx.Client
    ids: dict[str, str]

    def send(self, client: httpx.Client, call: Call, ids: dict[str, str] | None = None) -> httpx.Response:
        unknown = dict.fromkeys(self.ids, UNKNOWN_ID) | PARTS
        path = call.path.format(**(ids or (unknown if call.unknown_ids else self.ids)))
        return client.request(call.method, path, params=call.query, json=call.json)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, database_url: str) -> Iterator[RecordsService]:
    folder = tmp_path_factory.mktemp("permissions")
    (folder / "scratch").mkdir()
    settings: dict[str, Any] = {
        "database_url": SecretStr(database_url),
        "institution": INSTITUTION,
        "local_admin": False,
        "sign_in_rate": "1000 per minute",
        "not_found_rate": "1000 per minute",
    }
    with ExitStack() as stack:
        gateway = stack.enter_context(running_gateway(folder / "scratch", **settings))

        def client(role: Role, institution: str = INSTITUTION) -> httpx.Client:
            token = make_token(database_url, role, institution)
            return stack.enter_context(gateway.client(headers=bearer(token)))

        anonymous = {"anonymous": stack.enter_context(gateway.client())}
        clients = anonymous | {role.value: client(role) for role in Role}
        ids = create_records(clients[Role.RADIOLOGIST], named_study(folder / "study"))
        yield RecordsService(gateway, clients, client(Role.ADMIN, "elsewhere"), ids)


def named_study(folder: Path) -> Path:
    """A synthetic chest with a patient's name in many DICOM headers and in its file name."""
    write_phantom(folder, slices=24, size=256)
    archive_path = folder.with_name("Zebulon Quagmire.zip")
    with zipfile.ZipFile(archive_path, "w") as archive:
        for number, path in enumerate(sorted(path for path in folder.rglob("*") if path.is_file())):
            dataset = pydicom.dcmread(path)
            dataset.PatientName = "Quagmire^Zebulon"
            dataset.PatientID = "QUAGMIRE-1"
            for keyword in FREE_TEXTS:
                setattr(dataset, keyword, "of Zebulon Quagmire")
            dataset.ConvolutionKernel = dataset.StationName = "ZebulonQuagmire"  # SH: 16 letters
            dataset.BodyPartExamined = "ZEBULON QUAGMIRE"  # CS: 16 letters
            dataset.save_as(path)
            archive.write(path, f"Quagmire/{number}.dcm")
    return archive_path


def create_records(radiologist: httpx.Client, study: Path) -> dict[str, str]:
    patient = radiologist.post("/api/patients", json={**NEW_NAME, "description": "Zebulon coughs"}).json()["id"]
    fields = {"patient_id": patient, "description": "Quagmire, after the fall"}
    upload = radiologist.post("/api/scans", data=fields, files={"file": (study.name, study.read_bytes())})
    scan = upload.json()["id"]
    until(lambda: radiologist.post(f"/api/scans/{scan}/analyze", params={"wait": 60}).status_code == 200)
    assert radiologist.get(f"/api/scans/{scan}/analysis").json()["state"] == "done"
    unknown = dict.fromkeys(("token_id", "destination_id", "delivery_id"), UNKNOWN_ID)
    return {"patient_id": patient, "scan_id": scan, **unknown, **dicom_uids(radiologist), **PARTS}


def dicom_uids(radiologist: httpx.Client) -> dict[str, str]:
    """The UIDs of an instance of the scan, once it is listed over DICOMweb."""
    search = "/dicom-web/instances?limit=1"
    until(lambda: radiologist.get(search).status_code == 200, READING_S)
    (found,) = radiologist.get(search).json()
    tags = {"study_uid": "0020000D", "series_uid": "0020000E", "instance_uid": "00080018"}
    return {name: found[tag]["Value"][0] for name, tag in tags.items()}


def test_every_call_has_a_row_in_the_table(service: RecordsService) -> None:
    page = service.clients["anonymous"].get("/openapi.json").json()
    served = {f"{method.upper()} {path}" for path, calls in page["paths"].items() for method in calls}
    rows = {call.call for call in TABLE if call.path not in UNDOCUMENTED and call.method != "HEAD"}
    assert rows == served


@pytest.mark.parametrize("column", range(len(COLUMNS)), ids=COLUMNS)
@pytest.mark.parametrize("call", TABLE, ids=lambda call: f"{call.call}{call.query or ''}")
def test_each_role_may_call_what_the_table_says(service: RecordsService, call: Call, column: int) -> None:
    answer = service.send(service.clients[COLUMNS[column]], call)
    assert answer.status_code == call.answers[column], answer.text
    if answer.status_code in (401, 403) and call.method != "HEAD":
        codes = {401: {"not_signed_in", "invalid_token"}, 403: {"not_permitted"}}
        assert problem(answer)[1] in codes[answer.status_code]


# Not STOW-RS: it names the study that it stores, and reads none.
RECORD_CALLS: Final = tuple(
    call
    for call in TABLE
    if "{" in call.path and call.method != "HEAD" and call.call != "POST /dicom-web/studies/{study_uid}"
)


@pytest.mark.parametrize("call", RECORD_CALLS, ids=lambda call: f"{call.call}{call.query or ''}")
def test_records_of_another_institution_are_not_found(service: RecordsService, call: Call) -> None:
    assert problem(service.send(service.other_institution, call, service.ids)) == (404, "not_found")


# Calls without patient data: the principal, the service itself, and the progress of an analysis.
NOT_AUDITED: Final = frozenset(
    {
        "GET /api/me",
        "GET /api/model-card",
        "GET /api/model-cards",
        "GET /api/operating-point",
        "GET /api/routing-rules",
        "GET /api/senders",
        "GET /api/statistics",
        "GET /api/scans/{scan_id}/analysis",
        "GET /api/scans/{scan_id}/analyses",
        "GET /api/scans/{scan_id}/analysis/events",
        "GET /api/destinations",
        "GET /api/deliveries",
    }
)


def test_every_access_to_a_record_is_an_audit_event(service: RecordsService, database_url: str) -> None:
    """With a new principal: repeated views of a series by one principal are one event in a while."""

    def events() -> int:
        with psycopg.connect(database_url) as connection:
            row = connection.execute(
                "SELECT (SELECT count(*) FROM audit_events) + (SELECT count(*) FROM audit_pending)"
            ).fetchone()
        assert row
        return int(row[0])

    audited: set[str] = set()
    not_audited: set[str] = set()
    with service.gateway.client(headers=bearer(make_token(database_url, Role.ADMIN))) as client:
        for call in TABLE:
            before = events()
            if service.send(client, call).is_success and call.answers != PUBLIC and not call.unknown_ids:
                (audited if events() > before else not_audited).add(call.call)
    assert not_audited - audited == NOT_AUDITED


def test_lists_hold_no_records_of_another_institution(service: RecordsService) -> None:
    for path in ("/api/patients", "/api/scans", "/api/feedback"):
        assert service.other_institution.get(path).json()["total"] == 0
    assert {one["institution"] for one in service.other_institution.get("/api/audit").json()["items"]} <= {"elsewhere"}
    refused = service.other_institution.post("/api/scans/analyze", json={"ids": [service.ids["scan_id"]]}).json()[
        "items"
    ]
    assert [one["error"] for one in refused] == ["not_found"]
    upload = {"file": ("x.zip", b"PK\x05\x06" + bytes(18))}
    answer = service.other_institution.post("/api/scans", data={"patient_id": service.ids["patient_id"]}, files=upload)
    assert problem(answer) == (404, "not_found")


@pytest.mark.parametrize("call", TABLE, ids=lambda call: f"{call.call}{call.query or ''}")
def test_no_answer_to_a_researcher_holds_a_name(service: RecordsService, call: Call) -> None:
    """In no body, no header and no error."""
    answer = service.send(service.clients[Role.RESEARCHER], call)
    text = text_of(answer).lower() + str(answer.headers).lower()
    assert not [name for name in NAMES if name.lower() in text]


def test_a_researcher_cannot_search_by_name(service: RecordsService) -> None:
    for path in ("/api/patients", "/api/scans"):
        for name in NAMES:
            assert service.clients[Role.RESEARCHER].get(path, params={"q": name}).json()["total"] == 0
            assert service.clients[Role.RADIOLOGIST].get(path, params={"q": name}).json()["total"] > 0


def test_a_radiologist_sees_the_planted_names(service: RecordsService) -> None:
    """Otherwise the search for the names would prove nothing."""
    radiologist = service.clients[Role.RADIOLOGIST]
    for call in TABLE:
        if call.call in ("GET /api/patients", "GET /api/scans", "GET /api/scans/{scan_id}", "GET /api/feedback"):
            assert "Quagmire" in text_of(service.send(radiologist, call)), call
    assert b"Quagmire" in service.send(radiologist, Call("GET /api/scans/{scan_id}/file", SIGNED_IN)).content
    for call in TABLE:
        if call.path.endswith("/report") and call.query:
            assert "Quagmire" in text_of(service.send(radiologist, call)), call


def test_metrics_and_readiness_hold_no_names_and_ids(service: RecordsService) -> None:
    for path in ("/metrics", "/readyz", "/healthz"):
        text = service.clients["anonymous"].get(path).text
        assert not [name for name in (*NAMES, *service.ids.values()) if name in text and name not in PARTS.values()]


def text_of(answer: httpx.Response) -> str:
    """The text of a body, uncompressed: gzip, zip and PDF too."""
    body = answer.content
    if body[:2] == b"\x1f\x8b":
        body = gzip.decompress(body)
    if body[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            body = b"\n".join(archive.read(name) for name in archive.namelist())
    if body[:4] == b"%PDF":
        pages = pypdfium2.PdfDocument(body)
        text = " ".join(page.get_textpage().get_text_range() for page in pages) + str(pages.get_metadata_dict())
        return text + body.decode("latin-1")
    return body.decode("latin-1")
