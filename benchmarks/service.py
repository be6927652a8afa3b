"""The service under test, started as a user starts it, and the memory of its processes."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from tempfile import TemporaryDirectory

import httpx
import psutil

START_LIMIT_S = 600.0  # a first start builds the engine's environment
SAMPLE_S = 2.0  # five samples a second cost a tenth of two cores: the kernel walks the page tables of ten processes


@dataclass
class PeakMemory:
    """Peak resident memory in MiB by role, sampled from the whole process tree."""

    process: psutil.Process
    peak_mib: dict[str, float] = field(default_factory=dict)
    _stop: threading.Event = field(default_factory=threading.Event)

    def watch(self) -> None:
        while not self._stop.wait(SAMPLE_S):
            for role, mib in resident_mib(self.process).items():
                self.peak_mib[role] = max(mib, self.peak_mib.get(role, 0.0))

    def stop(self) -> None:
        self._stop.set()


@dataclass(frozen=True)
class Service:
    """A running gateway with its engine."""

    url: str
    process: psutil.Process
    memory: PeakMemory


@contextmanager
def running_service(sign_of_life: str = "/readyz", **settings: str) -> Iterator[Service]:
    """`turnstile up` on a free port of the loopback, on data of its own, once it gives its sign of life."""
    port = free_port()
    command = [sys.executable, "-m", "gateway.cli", "up", "--host", "127.0.0.1", "--port", str(port)]
    data = TemporaryDirectory(prefix="turnstile-benchmark-")
    environ = os.environ | {"TURNSTILE_DATA_FOLDER": data.name}
    environ |= {f"TURNSTILE_{name.upper()}": value for name, value in settings.items()}
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environ)
    memory = PeakMemory(psutil.Process(child.pid))
    watcher = threading.Thread(target=memory.watch, daemon=True)
    try:
        url = f"http://127.0.0.1:{port}"
        wait_until_ready(f"{url}{sign_of_life}", child)
        watcher.start()
        yield Service(url, memory.process, memory)
    finally:
        memory.stop()
        child.terminate()
        child.wait(timeout=60)
        data.cleanup()


def wait_until_ready(url: str, child: "subprocess.Popen[bytes]") -> None:
    """Poll until the answer is 200."""
    deadline = time.monotonic() + START_LIMIT_S
    while time.monotonic() < deadline:
        if child.poll() is not None:
            raise RuntimeError(f"turnstile up ended with status {child.returncode}; run it by hand to see why")
        try:
            if httpx.get(url, timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.3)
    raise TimeoutError(f"{url} was not ready within {START_LIMIT_S:.0f} s")


def resident_mib(process: psutil.Process) -> dict[str, float]:
    """Resident memory now by role; shared pages of the engine's stubs are counted once (PSS)."""
    found: dict[str, float] = {}
    for member in [process, *process.children(recursive=True)]:
        try:
            role = role_of(member.name(), member.cmdline(), member.pid == process.pid)
            found[role] = found.get(role, 0.0) + member.memory_full_info().pss / 2**20
        except (psutil.NoSuchProcess, psutil.ZombieProcess):
            continue
    return found


def role_of(name: str, command: list[str], is_root: bool) -> str:
    """Gateway, decode workers or Triton with its stubs."""
    if is_root:
        return "gateway"
    words = " ".join(command)
    return "triton" if "triton" in name or "triton" in words else "decode workers"


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
