"""deploy/triton/start.sh starts the real server (the wheel's): it takes every flag, and closes what is to be closed."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress

import httpx
import pytest

from engines.backend_directory import backend_directory
from engines.command import Ports, triton_environ
from engines.environment import engine_environment
from engines.home import default_home
from tests.integration.deploy.dockerfiles import ROOT
from tests.integration.deploy.waiting import until
from tests.integration.engines.tiny import write_repository


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    repository = write_repository(tmp_path_factory.mktemp("triton"))
    environment, ports = engine_environment(default_home()), Ports.free()
    environ = triton_environ(environment) | {"TURNSTILE_MODEL_REPOSITORY": str(repository)}
    environ["PATH"] = f"{environment.triton / 'bin'}{os.pathsep}{environ['PATH']}"
    here = [
        f"--backend-directory={backend_directory(environment, default_home())}",
        *(f"--{name}-address=127.0.0.1" for name in ("http", "grpc", "metrics")),
        *(f"--{name}-port={getattr(ports, name)}" for name in ("http", "grpc", "metrics")),
        f"--backend-config=python,shm-region-prefix-name=deploy-{os.getpid()}-",
        "--allow-gpu-metrics=false",
    ]
    log = repository.parent / f"{repository.name}.log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            [ROOT / "deploy" / "triton" / "start.sh", *here], env=environ, stdout=output, stderr=output
        )
        try:
            until(lambda: _ready(f"http://127.0.0.1:{ports.http}", server), lambda: log.read_text()[-3000:])
            yield f"http://127.0.0.1:{ports.http}"
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


def _ready(url: str, server: "subprocess.Popen[bytes]") -> bool:
    assert server.poll() is None, "the server ended"
    with suppress(httpx.TransportError):
        return httpx.get(f"{url}/v2/health/ready", trust_env=False).status_code == 200
    return False
