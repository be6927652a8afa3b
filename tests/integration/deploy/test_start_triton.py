"""deploy/triton/start.sh with the real server (of the wheel): its flags are valid, restricted calls refused."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from engines.triton_command import HOST, KEY_HEADER
from tests.integration.deploy.triton import started
from tests.integration.engines.tiny_models import write_repository

SECRET = "battery-staple"  # noqa: S105 - of this test alone


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_repository(tmp_path_factory.mktemp("triton"))


@pytest.fixture(scope="module")
def url(repository: Path) -> Iterator[str]:
    with started(repository) as ports:
        yield f"http://{HOST}:{ports.http}"


@pytest.fixture(scope="module")
def guarded_url(repository: Path) -> Iterator[str]:
    with started(repository, TURNSTILE_TRITON_SECRET=SECRET) as ports:
        yield f"http://{HOST}:{ports.http}"


def test_the_gateways_calls_are_open(url: str) -> None:
    for call in ("/v2", "/v2/models/dense", "/v2/models/dense/config", "/v2/models/dense/ready"):
        assert httpx.get(url + call, trust_env=False).status_code == 200


@pytest.mark.parametrize(
    ("method", "call"),
    [
        ("POST", "/v2/repository/index"),
        ("POST", "/v2/repository/models/dense/unload"),
        ("GET", "/v2/systemsharedmemory/status"),
        ("GET", "/v2/trace/setting"),
        ("GET", "/v2/logging"),
    ],
)
def test_everything_else_is_closed(url: str, method: str, call: str) -> None:
    answer = httpx.request(method, url + call, trust_env=False)
    assert answer.status_code == 403
    assert "restricted" in answer.text


def test_with_a_secret_requests_without_it_are_refused(guarded_url: str) -> None:
    call = f"{guarded_url}/v2/models/dense/infer"
    body = {"inputs": [{"name": "x", "shape": [1, 1, 4, 4], "datatype": "UINT8", "data": [0] * 16}]}
    assert httpx.post(call, json=body, trust_env=False).status_code == 403
    assert httpx.post(call, json=body, headers={KEY_HEADER: SECRET}, trust_env=False).status_code == 200
    assert httpx.get(f"{guarded_url}/v2/models/dense/config", trust_env=False).status_code == 403
    assert httpx.get(f"{guarded_url}/v2/health/ready", trust_env=False).status_code == 200
