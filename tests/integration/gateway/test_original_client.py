"""The calls of the original service, as its page and its Postman collection send them: paths, fields, statuses."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.integration.gateway.running_gateway import running_gateway

ROW = {
    "path_to_study",
    "study_uid",
    "series_uid",
    "probability_of_pathology",
    "pathology",
    "processing_status",
    "time_of_processing",
    "most_dangerous_pathology_type",
    "pathology_localization",
}
LIST = {"items", "total", "limit", "offset"}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client that follows no redirect."""
    scratch = tmp_path_factory.mktemp("original") / "scratch"
    scratch.mkdir()
    with running_gateway(scratch) as running, running.client() as client:
        yield client


def test_the_fifteen_calls_of_the_original_client(client: httpx.Client, phantom: Path) -> None:
    created = client.post("/api/patients", json={"first_name": "Anna", "last_name": "Muster", "description": "first"})
    assert created.status_code == 201
    patient = created.json()["id"]
    listed = client.get("/api/patients", params={"limit": 20, "offset": 0})
    assert (listed.status_code, listed.json().keys() >= LIST, listed.json()["total"]) == (200, True, 1)
    one = client.get(f"/api/patients/{patient}")
    assert one.json().keys() >= {"id", "first_name", "last_name", "description", "created_at", "updated_at"}
    changed = client.put(f"/api/patients/{patient}", json={"description": "second"})
    assert (changed.status_code, changed.json()["description"]) == (200, "second")

    form = {"patient_id": patient, "description": "chest"}
    uploaded = client.post("/api/scans", data=form, files={"file": (phantom.name, phantom.read_bytes())})
    assert (uploaded.status_code, set(uploaded.json())) == (201, {"id"})
    scan = uploaded.json()["id"]
    scans = client.get("/api/scans").json()
    assert (scans.keys() >= LIST, [item["id"] for item in scans["items"]]) == (True, [scan])
    assert client.get("/api/scans/", params={"patient_id": patient}).json() == scans
    found = client.get(f"/api/scans/{scan}").json()
    assert found.keys() >= {"id", "patient_id", "description", "file_name", "created_at", "updated_at"}
    renamed = client.put(f"/api/scans/{scan}", json={"description": "chest, second"})
    assert (renamed.status_code, renamed.json()["description"]) == (200, "chest, second")
    file = client.get(f"/api/scans/{scan}/file")
    assert (file.content, file.headers["content-type"]) == (phantom.read_bytes(), "application/octet-stream")
    assert f'filename="{phantom.name}"' in file.headers["content-disposition"]

    analysed = client.post(f"/api/scans/{scan}/analyze")
    report = client.get(f"/api/scans/{scan}/report")
    assert (analysed.status_code, analysed.json()["ok"], report.status_code) == (200, True, 200)
    assert analysed.json()["has_pathology_any"] is report.json()["summary"]["has_pathology_any"]
    (row,) = report.json()["rows"]
    assert row.keys() >= ROW

    predicted = client.post("/inference/predict", files={"file": (phantom.name, phantom.read_bytes())}).json()
    times = {"time_of_processing"}
    assert {name: predicted[name] for name in ROW - times} == {name: row[name] for name in ROW - times}

    assert client.delete(f"/api/scans/{scan}").status_code == 204
    assert client.delete(f"/api/patients/{patient}").status_code == 204
    assert client.get(f"/api/patients/{patient}").status_code == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/patients"),
        ("GET", "/api/scans"),
        ("GET", "/api/me"),
        ("POST", "/inference/predict"),
        ("POST", "/api/scans"),
        ("GET", "/api/scans/00000000-0000-4000-8000-000000000000/report"),
        ("POST", "/api/scans/00000000-0000-4000-8000-000000000000/analyze"),
        ("GET", "/auth/ways"),
        ("GET", "/api/nowhere"),
    ],
)
def test_a_slash_at_the_end_changes_no_answer(client: httpx.Client, method: str, path: str) -> None:
    plain, slash = client.request(method, path), client.request(method, f"{path}/")
    assert not plain.is_redirect
    assert slash.status_code == plain.status_code
    assert {**slash.json(), "request_id": None} == {**plain.json(), "request_id": None}


def test_predict_takes_an_upload_at_the_path_with_a_slash(client: httpx.Client, phantom: Path) -> None:
    answer = client.post("/inference/predict/", files={"file": (phantom.name, phantom.read_bytes())})
    assert answer.json()["processing_status"] == "Success"


@pytest.mark.parametrize(
    "path", ["/healthz", "/readyz", "/metrics", "/openapi.json", "/docs", "/", "/api/patients", "/api/nowhere"]
)
def test_head_is_answered_as_get_without_the_body(client: httpx.Client, path: str) -> None:
    head, get = client.head(path), client.get(path)
    assert (head.status_code, head.content) == (get.status_code, b"")
    assert head.headers["content-type"] == get.headers["content-type"]


def test_the_events_of_an_analysis_have_no_head(client: httpx.Client) -> None:
    assert client.head("/api/scans/00000000-0000-4000-8000-000000000000/analysis/events").status_code == 405
