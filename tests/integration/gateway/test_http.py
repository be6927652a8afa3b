"""Shared parts of the API: request ids, health, metrics, errors, OpenAPI."""

import io
import json
import logging
from pathlib import Path

import pytest
import structlog

from gateway.telemetry.logs import configure_logs
from tests.integration.gateway.running_gateway import RunningGateway


@pytest.mark.parametrize(
    ("sent", "kept"), [("trace-4711.a_b", True), ("short", False), ("a b c d e f g h", False), ("x" * 65, False)]
)
def test_a_client_s_request_id_is_kept_beside_ours(gateway: RunningGateway, sent: str, kept: bool) -> None:
    with gateway.client() as client:
        headers = client.get("/healthz", headers={"X-Request-ID": sent}).headers
    assert headers.get("x-client-request-id") == (sent if kept else None)
    assert headers["x-request-id"] != sent
    assert len(headers["x-request-id"]) == 32


def test_health_and_readiness(gateway: RunningGateway) -> None:
    with gateway.client() as client:
        assert client.get("/healthz").json() == {"status": "ok"}
        ready = client.get("/readyz")
    assert ready.status_code == 200
    assert ready.json() == {
        "ready": True,
        "reason": None,
        "degraded": None,
        "ensemble": "ready",
        "database": "ready",
        "trained": gateway.services.card.trained,
    }


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/nowhere", 404, "not_found"),
        ("GET", "/inference/predict", 405, "method_not_allowed"),
        ("POST", "/inference/predict?detail=much", 422, "invalid_request"),
    ],
)
def test_every_error_has_the_same_shape(
    gateway: RunningGateway, method: str, path: str, status: int, code: str
) -> None:
    with gateway.client() as client:
        answer = client.request(method, path)
    assert answer.status_code == status
    assert answer.json().keys() == {"error", "detail", "request_id"}
    assert answer.json()["error"] == code


def test_metrics_count_verdicts_stages_and_errors(gateway: RunningGateway, phantom: Path, text: Path) -> None:
    gateway.predict(phantom)
    gateway.predict(text)
    with gateway.client() as client:
        page = client.get("/metrics").text
    assert 'turnstile_stage_seconds_count{stage="inference"}' in page
    assert 'turnstile_errors_total{code="not_dicom"}' in page
    assert 'turnstile_requests_total{method="POST",route="/inference/predict",status="200"}' in page
    assert "turnstile_slices_in_flight 0.0" in page
    assert phantom.name not in page


def test_unknown_paths_and_methods_share_one_label(gateway: RunningGateway) -> None:
    with gateway.client() as client:
        client.get("/api/Ivanov")
        client.request("IVANOV", "/healthz")
        page = client.get("/metrics").text
    assert 'route="unknown"' in page
    assert "ivanov" not in page.lower()


def test_the_log_names_no_patient_and_no_file(gateway: RunningGateway, phantom: Path, text: Path) -> None:
    root, written = logging.getLogger(), io.StringIO()
    handlers, level = root.handlers, root.level
    configure_logs("debug", written)
    try:
        answer = gateway.predict(phantom, text, names=("Ivanov^Ivan 4711.zip", "Petrov.dcm"))
    finally:
        root.handlers, root.level = handlers, level
        structlog.reset_defaults()
    assert [row["path_to_study"] for row in answer.json()["rows"]] == ["Ivanov^Ivan 4711.zip", "Petrov.dcm"]
    lines = [json.loads(line) for line in written.getvalue().splitlines()]
    assert answer.headers["x-request-id"] in {line.get("request_id") for line in lines}
    for name in ("Ivanov", "4711", "Petrov", "Phantom^Synthetic", "SYNTHETIC"):
        assert name not in written.getvalue()


def test_openapi_describes_the_call_with_examples_and_errors(gateway: RunningGateway) -> None:
    with gateway.client() as client:
        call = client.get("/openapi.json").json()["paths"]["/inference/predict"]["post"]
    assert set(call["responses"]) >= {"200", "400", "413", "415", "422", "429", "502", "503", "504"}
    assert set(call["responses"]["200"]["content"]) >= {"application/json", "text/csv"}
    assert "multipart/form-data" in call["requestBody"]["content"]
