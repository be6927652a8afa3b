"""`GET /readyz` of `turnstile pacs listen`: ready while it can store what comes."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.integration.faults.service_programs import PATIENCE_S, Program
from tests.integration.pacs.orthanc import free_ports
from tests.integration.polling import until
from tests.postgres import RunningPostgres


@pytest.fixture
def database_url(postgres: RunningPostgres) -> str:
    return postgres.new_database()


@pytest.fixture
def readyz(tmp_path: Path, database_url: str) -> Iterator[str]:
    dicom_port, http_port = free_ports(2)
    environ = {
        "TURNSTILE_DATABASE_URL": database_url,
        "TURNSTILE_BLOB_URL": str(tmp_path / "blobs"),
        "TURNSTILE_DATA_FOLDER": str(tmp_path),
        "TURNSTILE_PACS_METRICS_PORT": str(http_port),
    }
    program = Program("listener", ("pacs", "listen", "--port", str(dicom_port)), environ, tmp_path / "listener.log")
    program.start()
    try:
        yield f"http://127.0.0.1:{http_port}/readyz"
        program.assert_alive()
    finally:
        program.stop()


def test_it_is_ready_while_the_database_answers(readyz: str, database_url: str, postgres: RunningPostgres) -> None:
    until(lambda: _answer(readyz) == (200, "ready"), PATIENCE_S)
    name = database_url.rpartition("/")[2]
    with psycopg.connect(postgres.server.url, autocommit=True) as admin:
        admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false".encode())
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        until(lambda: (_answer(readyz) or (0, ""))[0] == 503, PATIENCE_S)
        _, reason = _answer(readyz) or (0, "")
        assert "database" in reason
        admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true".encode())
    until(lambda: _answer(readyz) == (200, "ready"), PATIENCE_S)
    assert "turnstile_pacs_" in httpx.get(readyz.replace("readyz", "metrics"), trust_env=False, timeout=60).text


def _answer(url: str) -> tuple[int, str] | None:
    """Status and text; None while nothing listens."""
    try:
        answer = httpx.get(url, trust_env=False, timeout=60)
    except httpx.TransportError:
        return None
    return answer.status_code, answer.text
