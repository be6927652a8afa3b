"""deploy/triton/start.sh starts the real server (the wheel's): it takes every flag, and closes what is to be closed."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from engines.backend_directory import backend_directory
from engines.command import KEY_HEADER, Ports, triton_environ
from engines.environment import engine_environment
from engines.home import default_home
from tests.integration.deploy.dockerfiles import ROOT
from tests.integration.deploy.waiting import until
from tests.integration.engines.tiny import write_repository

SECRET = "battery-staple"  # noqa: S105 - of this test alone


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_repository(tmp_path_factory.mktemp("triton"))


@pytest.fixture(scope="module")
def url(repository: Path) -> Iterator[str]:
    with started(repository) as address:
        yield address


@pytest.fixture(scope="module")
def guarded_url(repository: Path) -> Iterator[str]:
    with started(repository, TURNSTILE_TRITON_SECRET=SECRET) as address:
        yield address


@contextmanager
def started(repository: Path, **environ: str) -> Iterator[str]:
    """The script as the image calls it, but for this machine's ports and backends; yields its address."""
    environment, ports = engine_environment(default_home()), Ports.free()
    environ = triton_environ(environment) | {"TURNSTILE_MODEL_REPOSITORY": str(repository)} | environ
    environ["PATH"] = f"{environment.triton / 'bin'}{os.pathsep}{environ['PATH']}"
    here = [
        f"--backend-directory={backend_directory(environment, default_home())}",
        *(f"--{name}-address=127.0.0.1" for name in ("http", "grpc", "metrics")),
        *(f"--{name}-port={getattr(ports, name)}" for name in ("http", "grpc", "metrics")),
        f"--backend-config=python,shm-region-prefix-name=deploy-{os.getpid()}-",
        "--allow-gpu-metrics=false",
    ]
    log = repository.with_suffix(".log")
    address = f"http://127.0.0.1:{ports.http}"
    with log.open("wb") as output:
        command = [str(ROOT / "deploy" / "triton" / "start.sh"), *here]
        server = subprocess.Popen(command, env=environ, stdout=output, stderr=output)
        try:
            until(lambda: _ready(address, server), lambda: log.read_text()[-3000:])
            yield address
        finally:
            server.terminate()
            server.wait(60)


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


def test_with_a_secret_who_does_not_send_it_may_not_infer(guarded_url: str) -> None:
    call = f"{guarded_url}/v2/models/dense/infer"
    body = {"inputs": [{"name": "x", "shape": [1, 1, 4, 4], "datatype": "UINT8", "data": [0] * 16}]}
    assert httpx.post(call, json=body, trust_env=False).status_code == 403
    assert httpx.post(call, json=body, headers={KEY_HEADER: SECRET}, trust_env=False).status_code == 200
    assert httpx.get(f"{guarded_url}/v2/models/dense/config", trust_env=False).status_code == 403
    assert httpx.get(f"{guarded_url}/v2/health/ready", trust_env=False).status_code == 200


def _ready(url: str, server: "subprocess.Popen[bytes]") -> bool:
    assert server.poll() is None, "the server ended"
    with suppress(httpx.TransportError):
        return httpx.get(f"{url}/v2/health/ready", trust_env=False).status_code == 200
    return False
