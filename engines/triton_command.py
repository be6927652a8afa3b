"""How tritonserver is called: its flags, each with its reason, its environment and its ports."""

import os
import socket
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

from engines.python_environment import Environment

HOST = "127.0.0.1"
STUB_SHM_BYTES = 4 * 2**20
STUB_TIMEOUT_S = 120
EXIT_TIMEOUT_S = 5
# What changes the server or shares its memory; nobody here asks for it, and it is where Triton's advisories are.
CONTROL = "model-repository,shared-memory,trace,logging"
KEY_HEADER = "turnstile-key"


@dataclass(frozen=True)
class Ports:
    """Where the server listens on this machine alone."""

    http: int
    grpc: int
    metrics: int

    @classmethod
    def free(cls, http: int = 0, grpc: int = 0, metrics: int = 0) -> "Ports":
        """Keep what is given and put a free port in place of each 0; they stay the same over restarts."""
        with socket.socket() as first, socket.socket() as second, socket.socket() as third:
            # All are held until the last is known, or the system could hand out the same port twice.
            return cls(
                *(port or _bound(s) for port, s in zip((http, grpc, metrics), (first, second, third), strict=True))
            )


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as listener:
        return _bound(listener)


def triton_command(
    environment: Environment, backends: Path, repository: Path, ports: Ports, shm_prefix: str, secret: str | None = None
) -> list[str]:
    """The command line of the server for one model repository.

    Who knows `secret` may infer and control; without one everybody on this machine may infer, and nobody control.
    """
    closed = f"{CONTROL},model-config,inference" if secret else CONTROL
    key = f"{closed}:{KEY_HEADER}={secret or token_hex()}"
    flags = {
        "model-repository": repository,
        "backend-directory": backends,
        "disable-auto-complete-config": None,  # each config.pbtxt is complete; guessing starts every stub twice
        "http-address": HOST,
        "http-port": ports.http,
        "grpc-address": HOST,
        "grpc-port": ports.grpc,
        "http-restricted-api": key,
        "grpc-restricted-protocol": key,
        "metrics-address": HOST,
        "metrics-port": ports.metrics,
        "allow-gpu-metrics": str(Path("/dev/nvidiactl").exists()).lower(),  # asks DCGM, which is not on a CPU machine
        "allow-cpu-metrics": "false",  # the gateway reports its host; polling costs a thread
        "strict-readiness": "true",  # ready means that every model is
        "exit-timeout-secs": EXIT_TIMEOUT_S,
        "log-format": "ISO8601",
    }
    backend_flags = {
        "shm-region-prefix-name": shm_prefix,
        "shm-default-byte-size": STUB_SHM_BYTES,
        "shm-growth-byte-size": STUB_SHM_BYTES,
        "stub-timeout-seconds": STUB_TIMEOUT_S,
    }
    return [
        str(environment.triton / "bin" / "tritonserver"),
        *(f"--{name}" if value is None else f"--{name}={value}" for name, value in flags.items()),
        *(f"--backend-config=python,{name}={value}" for name, value in backend_flags.items()),
    ]


def triton_environ(environment: Environment) -> dict[str, str]:
    """The server's environment variables: its libraries, its interpreter, no PYTHON* to mislead the stub."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    path = os.pathsep.join([str(environment.python.parent), os.environ.get("PATH", os.defpath)])
    return inherited | {
        "LD_LIBRARY_PATH": environment.search_path,
        "PATH": path,
        "OPENBLAS_NUM_THREADS": "1",  # a stub's numpy only joins rows; else each stub holds a thread a core
    }


def _bound(listener: socket.socket) -> int:
    listener.bind((HOST, 0))
    port: int = listener.getsockname()[1]
    return port
