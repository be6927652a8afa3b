"""deploy/triton/start.sh as it starts the wheel's server."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

import httpx

from engines.backend_directory import backend_directory
from engines.data_directories import default_home
from engines.python_environment import engine_environment
from engines.triton_command import HOST, Ports, triton_environ
from tests.integration.deploy.dockerfiles import ROOT
from tests.integration.polling import until


@contextmanager
def started(repository: Path, *flags: str, **environ: str) -> Iterator[Ports]:
    """The script as the image calls it, but for this machine's ports and backends; yields its ports."""
    environment, ports = engine_environment(default_home()), Ports.free()
    environ = triton_environ(environment) | {"TURNSTILE_MODEL_REPOSITORY": str(repository)} | environ
    environ["PATH"] = f"{environment.triton / 'bin'}{os.pathsep}{environ['PATH']}"
    here = [
        f"--backend-directory={backend_directory(environment, default_home())}",
        *(f"--{name}-address=127.0.0.1" for name in ("http", "grpc", "metrics")),
        *(f"--{name}-port={getattr(ports, name)}" for name in ("http", "grpc", "metrics")),
        f"--backend-config=python,shm-region-prefix-name=deploy-{ports.http}-",
        "--allow-gpu-metrics=false",
        *flags,
    ]
    address = f"http://{HOST}:{ports.http}"
    with NamedTemporaryFile(prefix="triton-", suffix=".log") as output:  # not beside the repository: it may be ours
        command = [str(ROOT / "deploy" / "triton" / "start.sh"), *here]
        server = subprocess.Popen(command, env=environ, stdout=output, stderr=output)
        try:
            until(lambda: _ready(address, server), why_not=lambda: Path(output.name).read_text()[-3000:])
            yield ports
        finally:
            server.terminate()
            server.wait(60)


def _ready(url: str, server: "subprocess.Popen[bytes]") -> bool:
    assert server.poll() is None, "the server ended"
    with suppress(httpx.TransportError):
        return httpx.get(f"{url}/v2/health/ready", trust_env=False).status_code == 200
    return False
