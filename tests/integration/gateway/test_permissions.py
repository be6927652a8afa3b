"""Who may call what: every call of the OpenAPI page is a row, every role and nobody a column.

A call that may be made, and is about a record that is not there, answers 404: it was let in.
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
from screening.phantom import write_phantom
from tests.integration.gateway.auth.api_calls import HOME, bearer, make_token, problem
from tests.integration.gateway.running_gateway import RunningGateway, running_gateway
from tests.integration.polling import until

NAMES: Final = ("Zebulon", "Quagmire")  # no other word of the house holds these
COLUMNS: Final = ("nobody", Role.RESEARCHER, Role.RADIOLOGIST, Role.ADMIN)
GHOST: Final = str(uuid4())


@dataclass(frozen=True)
class Call:
    """One row: the call, what it sends, and what nobody, a researcher, a radiologist and an admin are answered."""

    call: str
    answers: tuple[int, int, int, int]
    query: dict[str, Any] = field(default_factory=dict)
    json: Any = None
    ghost: bool = False  # about records that are not there, for the call would spoil those that are

    @property
    def method(self) -> str:
        return self.call.split()[0]

    @property
    def path(self) -> str:
        return self.call.split()[1]


EVERYBODY: Final = (200, 200, 200, 200)
SIGNED_IN: Final = (401, 200, 200, 200)
NEW_NAME: Final = {"first_name": "Zebulon", "last_name": "Quagmire"}

TABLE: Final = (
    Call("GET /healthz", EVERYBODY),
    Call("GET /readyz", EVERYBODY),
    Call("GET /metrics", EVERYBODY),
    Call("GET /auth/ways", EVERYBODY),
    Call("GET /auth/login", (404, 404, 404, 404)),  # no provider is set up here
    Call("GET /auth/callback", (404, 404, 404, 404), {"state": "x", "code": "x"}),
    Call("POST /auth/token", (401, 401, 401, 401), json={"token": "ts_x"}),
    Call("POST /auth/logout", (401, 204, 204, 204)),
    Call("GET /api/me", SIGNED_IN),
    Call("GET /api/model-card", SIGNED_IN),
    Call("GET /api/patients", SIGNED_IN),
    Call("GET /api/patients/", SIGNED_IN),
    Call("POST /api/patients", (401, 403, 201, 201), json=NEW_NAME),
    Call("POST /api/patients/", (401, 403, 201, 201), json=NEW_NAME),
    Call("GET /api/patients/{patient_id}", SIGNED_IN),
    Call("PUT /api/patients/{patient_id}", (401, 403, 200, 200), json=NEW_NAME),
    Call("DELETE /api/patients/{patient_id}", (401, 403, 404, 404), ghost=True),
    Call("GET /api/scans", SIGNED_IN),
    Call("GET /api/scans/", SIGNED_IN),
    Call("POST /api/scans", (401, 403, 415, 415)),
    Call("POST /api/scans/", (401, 403, 415, 415)),
    Call("POST /api/scans/bulk", (401, 403, 415, 415)),
    Call("POST /api/scans/analyze", (401, 403, 202, 202), json={"ids": [GHOST]}, ghost=True),
    Call("GET /api/scans/{scan_id}", SIGNED_IN),
    Call("PUT /api/scans/{scan_id}", (401, 403, 200, 200), json={"description": "Quagmire again"}),
    Call("DELETE /api/scans/{scan_id}", (401, 403, 404, 404), ghost=True),
    Call("GET /api/scans/{scan_id}/file", (401, 403, 200, 200)),
    Call("HEAD /api/scans/{scan_id}/file", (401, 403, 200, 200)),
    Call("POST /api/scans/{scan_id}/analyze", (401, 403, 404, 404), ghost=True),
    Call("GET /api/scans/{scan_id}/analysis", SIGNED_IN),
    Call("DELETE /api/scans/{scan_id}/analysis", (401, 403, 404, 404), ghost=True),
    Call("GET /api/scans/{scan_id}/analyses", SIGNED_IN),
    Call("GET /api/scans/{scan_id}/analysis/events", SIGNED_IN),
    Call("GET /api/scans/{scan_id}/report", SIGNED_IN),
    Call("GET /api/scans/{scan_id}/report", SIGNED_IN, {"format": "csv"}),
    Call("GET /api/scans/{scan_id}/report", SIGNED_IN, {"format": "xlsx"}),
    Call("GET /api/scans/{scan_id}/report", SIGNED_IN, {"format": "pdf"}),
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
    Call("POST /inference/predict", (401, 403, 400, 400)),
    Call("GET /api/tokens", (401, 403, 403, 200)),
    Call("POST /api/tokens", (401, 403, 403, 201), json={"name": "x", "role": "researcher"}),
    Call("DELETE /api/tokens/{token_id}", (401, 403, 403, 404), ghost=True),
    Call("GET /api/audit", (401, 403, 403, 200)),
    Call("GET /api/audit/export", (401, 403, 403, 200)),
    Call("GET /api/audit/export", (401, 403, 403, 200), {"format": "fhir"}),
)
HIDDEN: Final = {"/api/patients/", "/api/scans/"}  # the same calls under the original's spelling


@dataclass(frozen=True)
class House:
    """A gateway with one patient, whose scan has a report."""

    gateway: RunningGateway
    clients: dict[str, httpx.Client]
    stranger: httpx.Client
    ids: dict[str, str]

    def ask(self, client: httpx.Client, call: Call, ids: dict[str, str] | None = None) -> httpx.Response:
        ghosts = dict.fromkeys(self.ids, GHOST) | {"number": "0"}
        path = call.path.format(**(ids or (ghosts if call.ghost else self.ids)))
        return client.request(call.method, path, params=call.query, json=call.json)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, database_url: str) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    (folder / "scratch").mkdir()
    settings: dict[str, Any] = {
        "database_url": SecretStr(database_url),
        "institution": HOME,
        "local_admin": False,
        "sign_in_rate": "1000 per minute",
    }
    with ExitStack() as stack:
        gateway = stack.enter_context(running_gateway(folder / "scratch", **settings))

        def client(role: Role, institution: str = HOME) -> httpx.Client:
            token = make_token(database_url, role, institution)
            return stack.enter_context(gateway.client(headers=bearer(token)))

        nobody = {"nobody": stack.enter_context(gateway.client())}
        clients = nobody | {role.value: client(role) for role in Role}
        ids = seeded(clients[Role.RADIOLOGIST], named_study(folder / "study"))
        yield House(gateway, clients, client(Role.ADMIN, "elsewhere"), ids)


def named_study(folder: Path) -> Path:
    """A synthetic chest whose headers name somebody wherever they can."""
    write_phantom(folder, slices=24, size=256)
    zipped = folder.with_name("Zebulon Quagmire.zip")
    with zipfile.ZipFile(zipped, "w") as archive:
        for number, path in enumerate(sorted(path for path in folder.rglob("*") if path.is_file())):
            dataset = pydicom.dcmread(path)
            dataset.PatientName = "Quagmire^Zebulon"
            dataset.PatientID = "QUAGMIRE-1"
            for keyword in ("StudyDescription", "SeriesDescription", "PatientComments", "InstitutionName"):
                setattr(dataset, keyword, "of Zebulon Quagmire")
            dataset.save_as(path)
            archive.write(path, f"Quagmire/{number}.dcm")
    return zipped


def seeded(doctor: httpx.Client, study: Path) -> dict[str, str]:
    patient = doctor.post("/api/patients", json={**NEW_NAME, "description": "Zebulon coughs"}).json()["id"]
    told = {"patient_id": patient, "description": "Quagmire, after the fall"}
    upload = doctor.post("/api/scans", data=told, files={"file": (study.name, study.read_bytes())})
    scan = upload.json()["id"]
    until(lambda: doctor.post(f"/api/scans/{scan}/analyze", params={"wait": 60}).status_code == 200)
    assert doctor.get(f"/api/scans/{scan}/analysis").json()["state"] == "done"
    return {"patient_id": patient, "scan_id": scan, "token_id": GHOST, "number": "0"}


def test_every_call_has_its_row(house: House) -> None:
    page = house.clients["nobody"].get("/openapi.json").json()
    served = {f"{method.upper()} {path}" for path, calls in page["paths"].items() for method in calls}
    rows = {call.call for call in TABLE if call.path not in HIDDEN and call.method != "HEAD"}
    assert rows == served


@pytest.mark.parametrize("column", range(len(COLUMNS)), ids=COLUMNS)
@pytest.mark.parametrize("call", TABLE, ids=lambda call: f"{call.call}{call.query or ''}")
def test_who_may_call_what(house: House, call: Call, column: int) -> None:
    answer = house.ask(house.clients[COLUMNS[column]], call)
    assert answer.status_code == call.answers[column], answer.text
    if answer.status_code in (401, 403) and call.method != "HEAD":
        codes = {401: {"not_signed_in", "invalid_token"}, 403: {"not_permitted"}}
        assert problem(answer)[1] in codes[answer.status_code]


OF_A_RECORD: Final = tuple(call for call in TABLE if "{" in call.path and call.method != "HEAD")


@pytest.mark.parametrize("call", OF_A_RECORD, ids=lambda call: f"{call.call}{call.query or ''}")
def test_another_institution_s_records_are_not_there(house: House, call: Call) -> None:
    assert problem(house.ask(house.stranger, call, house.ids)) == (404, "not_found")


# Calls that show no record of a patient: who one is, the service itself, and how far an analysis is.
UNTOLD: Final = frozenset(
    {
        "GET /api/me",
        "GET /api/model-card",
        "GET /api/operating-point",
        "GET /api/statistics",
        "GET /api/scans/{scan_id}/analysis",
        "GET /api/scans/{scan_id}/analyses",
        "GET /api/scans/{scan_id}/analysis/events",
    }
)


def test_every_call_that_shows_or_changes_a_record_is_in_the_audit(house: House, database_url: str) -> None:
    """By somebody new: what one looks at again and again, slice after slice, is told of once in a while."""

    def events() -> int:
        with psycopg.connect(database_url) as connection:
            row = connection.execute("SELECT max(seq) FROM audit_events").fetchone()
        assert row
        return int(row[0])

    told: set[str] = set()
    untold: set[str] = set()
    with house.gateway.client(headers=bearer(make_token(database_url, Role.ADMIN))) as somebody:
        for call in TABLE:
            before = events()
            if house.ask(somebody, call).is_success and call.answers != EVERYBODY and not call.ghost:
                (told if events() > before else untold).add(call.call)
    assert untold - told == UNTOLD


def test_another_institution_s_records_are_in_no_list(house: House) -> None:
    for path in ("/api/patients", "/api/scans", "/api/feedback"):
        assert house.stranger.get(path).json()["total"] == 0
    assert {one["institution"] for one in house.stranger.get("/api/audit").json()["items"]} <= {"elsewhere"}
    refused = house.stranger.post("/api/scans/analyze", json={"ids": [house.ids["scan_id"]]}).json()["items"]
    assert [one["error"] for one in refused] == ["not_found"]
    upload = {"file": ("x.zip", b"PK\x05\x06" + bytes(18))}
    answer = house.stranger.post("/api/scans", data={"patient_id": house.ids["patient_id"]}, files=upload)
    assert problem(answer) == (404, "not_found")


@pytest.mark.parametrize("call", TABLE, ids=lambda call: f"{call.call}{call.query or ''}")
def test_a_researcher_is_told_no_name(house: House, call: Call) -> None:
    """Nowhere: not in a body of whatever kind, not in a header, not in a refusal."""
    answer = house.ask(house.clients[Role.RESEARCHER], call)
    told = opened(answer).lower() + str(answer.headers).lower()
    assert not [name for name in NAMES if name.lower() in told]


def test_a_researcher_finds_nobody_by_name(house: House) -> None:
    for path in ("/api/patients", "/api/scans"):
        for name in NAMES:
            assert house.clients[Role.RESEARCHER].get(path, params={"q": name}).json()["total"] == 0
            assert house.clients[Role.RADIOLOGIST].get(path, params={"q": name}).json()["total"] > 0


def test_the_names_are_there_for_who_may_see_them(house: House) -> None:
    """Or the search for them would prove nothing."""
    doctor = house.clients[Role.RADIOLOGIST]
    for call in TABLE:
        if call.call in ("GET /api/patients", "GET /api/scans", "GET /api/scans/{scan_id}", "GET /api/feedback"):
            assert "Quagmire" in opened(house.ask(doctor, call)), call
    assert b"Quagmire" in house.ask(doctor, Call("GET /api/scans/{scan_id}/file", SIGNED_IN)).content
    for call in TABLE:
        if call.path.endswith("/report") and call.query:
            assert "Quagmire" in opened(house.ask(doctor, call)), call


def test_metrics_and_readiness_name_nobody(house: House) -> None:
    for path in ("/metrics", "/readyz", "/healthz"):
        told = house.clients["nobody"].get(path).text
        assert not [name for name in (*NAMES, *house.ids.values()) if name in told and name != "0"]


def opened(answer: httpx.Response) -> str:
    """All the text of a body, whatever it is packed in."""
    body = answer.content
    if body[:2] == b"\x1f\x8b":
        body = gzip.decompress(body)
    if body[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            body = b"\n".join(archive.read(name) for name in archive.namelist())
    if body[:4] == b"%PDF":
        pages = pypdfium2.PdfDocument(body)
        told = " ".join(page.get_textpage().get_text_range() for page in pages) + str(pages.get_metadata_dict())
        return told + body.decode("latin-1")
    return body.decode("latin-1")
