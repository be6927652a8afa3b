"""The command line of tritonserver: its flags, its environment variables and its ports."""

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
# These protocols change the server or share its memory. Turnstile uses none, and Triton's advisories concern them.
CONTROL_PROTOCOLS = "model-repository,shared-memory,trace,logging"
KEY_HEADER = "turnstile-key"


@dataclass(frozen=True)
class Ports:
    """Where the server listens on this machine alone."""

    http: int
    grpc: int
    metrics: int

    @classmethod
    def free(cls, http: int = 0, grpc: int = 0, metrics: int = 0) -> "Ports":
        """Replace each 0 by a free port; the ports stay the same over restarts."""
        with socket.socket() as first, socket.socket() as second, socket.socket() as third:
            # All three stay bound until the last is known: otherwise the system could give the same port twice.
            pairs = zip((http, grpc, metrics), (first, second, third), strict=True)
            return cls(*(port or _bind_free_port(listener) for port, listener in pairs))


def free_port() -> int:
    """A port on which no program listens now."""
    with socket.socket() as listener:
        return _bind_free_port(listener)


def triton_command(
    environment: Environment, backends: Path, repository: Path, ports: Ports, shm_prefix: str, secret: str | None = None
) -> list[str]:
    """The command line of the server for one model repository.

    Clients with the `secret` may infer and control; without a secret every program of this machine may infer, and none
    may control.
    """
    closed = f"{CONTROL_PROTOCOLS},model-config,inference" if secret else CONTROL_PROTOCOLS
    key = f"{closed}:{KEY_HEADER}={secret or token_hex()}"
    flags = {
        "model-repository": repository,
        "backend-directory": backends,
        "disable-auto-complete-config": None,  # each config.pbtxt is complete; completion would start every stub twice
        "http-address": HOST,
        "http-port": ports.http,
        "grpc-address": HOST,
        "grpc-port": ports.grpc,
        "http-restricted-api": key,
        "grpc-restricted-protocol": key,
        "metrics-address": HOST,
        "metrics-port": ports.metrics,
        "allow-gpu-metrics": str(Path("/dev/nvidiactl").exists()).lower(),  # needs DCGM, and so a GPU
        "allow-cpu-metrics": "false",  # the gateway reports the CPU of its host; polling takes a thread
        "strict-readiness": "true",  # ready means that every model is ready
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
    """The server's environment variables: its libraries, its interpreter, no PYTHON* that would change the stub."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    path = os.pathsep.join([str(environment.python.parent), os.environ.get("PATH", os.defpath)])
    return inherited | {
        "LD_LIBRARY_PATH": environment.search_path,
        "PATH": path,
        "OPENBLAS_NUM_THREADS": "1",  # a stub's numpy only joins rows; the default is a thread a core
    }


def _bind_free_port(listener: socket.socket) -> int:
    listener.bind((HOST, 0))
    port: int = listener.getsockname()[1]
    return port
