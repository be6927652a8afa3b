from pathlib import Path

import pytest

from engines.python_environment import Environment
from engines.triton_command import CONTROL_PROTOCOLS, HOST, KEY_HEADER, Ports, triton_command, triton_environ

ENVIRONMENT = Environment(Path("/venv/bin/python"), "3.11", Path("/venv/packages"), (Path("/lib/python"),))


def test_free_ports_differ_and_given_ones_are_kept() -> None:
    ports = Ports.free(grpc=8001)

    assert ports.grpc == 8001
    assert len({ports.http, ports.grpc, ports.metrics}) == 3
    assert min(ports.http, ports.metrics) > 1023


def test_every_address_is_this_machine_alone() -> None:
    command = triton_command(ENVIRONMENT, Path("/backends"), Path("/models"), Ports(1, 2, 3), "prefix-")

    addresses = [flag for flag in command if "-address=" in flag]
    assert addresses == [f"--{name}-address={HOST}" for name in ("http", "grpc", "metrics")]
    assert "--backend-config=python,shm-region-prefix-name=prefix-" in command


def test_who_does_not_know_the_secret_neither_infers_nor_controls() -> None:
    command = triton_command(ENVIRONMENT, Path("/backends"), Path("/models"), Ports(1, 2, 3), "prefix-", "a-secret")

    closed = f"{CONTROL_PROTOCOLS},model-config,inference:{KEY_HEADER}=a-secret"
    assert {f"--http-restricted-api={closed}", f"--grpc-restricted-protocol={closed}"} <= set(command)


def test_without_a_secret_nobody_controls_it() -> None:
    first, second = (
        triton_command(ENVIRONMENT, Path("/backends"), Path("/models"), Ports(1, 2, 3), "prefix-") for _ in range(2)
    )

    closed = [flag for flag in first if "restricted" in flag]
    assert all(f"={CONTROL_PROTOCOLS}:{KEY_HEADER}=" in flag for flag in closed)
    assert not set(closed) & set(second), "the key is thrown away"


def test_the_stub_finds_its_interpreter_first_and_no_python_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    environ = triton_environ(ENVIRONMENT)

    assert environ["PATH"].startswith("/venv/bin:")
    assert environ["LD_LIBRARY_PATH"] == "/lib/python:/venv/packages/nvidia_pytriton.libs"
    assert "PYTHONPATH" not in environ
