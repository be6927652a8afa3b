"""PostgreSQL is killed: requests get 503 with Retry-After, and the gateway recovers without a restart."""

import os
import signal
from pathlib import Path

import psutil

from tests.integration.gateway.auth.api_calls import UNREACHABLE
from tests.integration.gateway.running_gateway import running_gateway
from tests.integration.polling import until


def test_the_gateway_recovers_after_postgresql_was_killed(tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with running_gateway(scratch, triton_url=UNREACHABLE, workers=0) as gateway, gateway.client() as client:
        assert client.post("/api/patients", json={"first_name": "Anna", "last_name": "Stored"}).status_code == 201
        os.kill(_postmaster(tmp_path / "scratch-data").pid, signal.SIGKILL)

        refused = client.get("/api/patients")
        assert (refused.status_code, refused.json()["error"]) == (503, "database_unavailable")
        assert int(refused.headers["retry-after"]) >= 1
        assert client.get("/healthz").status_code == 200
        ready = client.get("/readyz")
        assert (ready.status_code, ready.json()["ready"]) == (503, False)
        assert ready.headers["retry-after"]

        until(lambda: client.get("/api/patients").status_code == 200)
        assert [item["last_name"] for item in client.get("/api/patients").json()["items"]] == ["Stored"]
        assert client.get("/readyz").json()["database"] == "ready"


def _postmaster(folder: Path) -> psutil.Process:
    return psutil.Process(int((folder / "postgres" / "data" / "postmaster.pid").read_text().splitlines()[0]))
