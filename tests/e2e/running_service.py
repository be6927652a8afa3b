"""A gateway that serves the page, and HTTP calls that create its test data."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from gateway.settings.settings import ROOT
from tests.integration.gateway.running_gateway import RunningGateway, running_gateway

WAIT_S = 30


@contextmanager
def running_service(folder: Path, **settings: Any) -> Iterator[RunningGateway]:
    """Build the page when its sources are newer, then start the service."""
    subprocess.run([sys.executable, ROOT / "web" / "build.py"], check=True)
    scratch = folder / "scratch"
    scratch.mkdir()
    with running_gateway(scratch, **settings) as running:
        yield running


def new_patient(gateway: RunningGateway, last_name: str, first_name: str = "Synthetic") -> str:
    """Create a patient with this name; return the id."""
    made = _posted(gateway, "/api/patients", json={"last_name": last_name, "first_name": first_name, "description": ""})
    return str(made["id"])


def new_scan(gateway: RunningGateway, patient: str, upload: Path, *, analysed: bool = True) -> str:
    """Upload a scan; return the id. Unless `analysed` is False, wait for its report."""
    with upload.open("rb") as file:
        made = _posted(
            gateway, "/api/scans", data={"patient_id": patient, "description": ""}, files={"file": (upload.name, file)}
        )
    scan = str(made["id"])
    if analysed:
        analysis = _posted(gateway, f"/api/scans/{scan}/analyze", params={"wait": WAIT_S})
        while analysis["state"] in ("queued", "running"):
            analysis = _posted(gateway, f"/api/scans/{scan}/analyze", params={"wait": WAIT_S})
    return scan


def report_of(gateway: RunningGateway, scan: str) -> Mapping[str, Any]:
    """The report of the first study of a scan."""
    with gateway.client() as client:
        study: Mapping[str, Any] = client.get(f"/api/scans/{scan}/report").raise_for_status().json()["studies"][0]
    return study


def _posted(gateway: RunningGateway, path: str, **options: Any) -> Any:
    with gateway.client() as client:
        answer: httpx.Response = client.post(path, **options)
        assert answer.is_success, answer.text
        return answer.json()
