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
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import psutil

START_LIMIT_S = 600.0  # a first start builds the engine's environment
STOP_LIMIT_S = 60.0
SAMPLE_S = 2.0  # five samples a second cost a tenth of two cores: the kernel walks the page tables of ten processes
NO_RATE = "1000000 per minute"  # one client sends the load of many; the default limits are below it


@dataclass
class Memory:
    """Resident memory in MiB by role, sampled from the whole process tree; times are s since 1970."""

    process: psutil.Process
    samples: list[tuple[float, dict[str, float]]] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    def watch(self) -> None:
        """Sample until `stop` is called or the service has ended."""
        while not self._stop.wait(SAMPLE_S):
            if mib := resident_mib(self.process):
                self.samples.append((time.time(), mib))

    def stop(self) -> None:
        self._stop.set()

    @property
    def peak_mib(self) -> dict[str, float]:
        """The maximum of each role."""
        roles = {role for _, mib in self.samples for role in mib}
        return {role: max(mib.get(role, 0.0) for _, mib in self.samples) for role in roles}


@dataclass(frozen=True)
class Service:
    """A running gateway with its engine."""

    url: str
    process: psutil.Process
    memory: Memory


@contextmanager
def running_service(
    ready_path: str = "/readyz", log: str = os.devnull, checkout: str = "", **settings: str
) -> Iterator[Service]:
    """`turnstile up` on a free loopback port with its own data folder; yields when `ready_path` answers 200.

    Its output goes to `log`; its code comes from the folder `checkout`, if one is given. It accepts uploads and lists
    at any rate, unless `settings` set another limit.
    """
    port = free_port()
    command = [sys.executable, "-m", "gateway.cli", "up", "--host", "127.0.0.1", "--port", str(port)]
    settings = {"upload_rate": NO_RATE, "list_rate": NO_RATE, **settings}
    with TemporaryDirectory(prefix="turnstile-benchmark-") as data, Path(log).open("ab") as out:
        environ = os.environ | {"TURNSTILE_DATA_FOLDER": data}
        environ |= {f"TURNSTILE_{name.upper()}": value for name, value in settings.items()}
        child = subprocess.Popen(command, cwd=checkout or None, stdout=out, stderr=out, env=environ)
        try:
            url = f"http://127.0.0.1:{port}"
            wait_until_ready(f"{url}{ready_path}", child)
            with watched(url, psutil.Process(child.pid)) as service:
                yield service
        finally:
            stop(child)


@contextmanager
def watched(url: str, process: psutil.Process) -> Iterator[Service]:
    """A running service whose memory is sampled until the block ends."""
    memory = Memory(process)
    threading.Thread(target=memory.watch, daemon=True).start()
    try:
        yield Service(url, process, memory)
    finally:
        memory.stop()


def wait_until_ready(url: str, child: "subprocess.Popen[bytes]") -> None:
    """Poll until the answer is 200."""
    deadline = time.monotonic() + START_LIMIT_S
    while time.monotonic() < deadline:
        if child.poll() is not None:
            raise RuntimeError(f"turnstile up ended with status {child.returncode}; run it by hand to see why")
        if answers(url):
            return
        time.sleep(0.3)
    raise TimeoutError(f"{url} was not ready within {START_LIMIT_S:.0f} s")


def answers(url: str) -> bool:
    """Whether a GET is answered with 200 within 5 s."""
    try:
        return httpx.get(url, timeout=5, trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


def stop(child: "subprocess.Popen[bytes]") -> None:
    """Terminate a child process; kill it after `STOP_LIMIT_S`."""
    child.terminate()
    try:
        child.wait(timeout=STOP_LIMIT_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def resident_mib(process: psutil.Process) -> dict[str, float]:
    """Resident memory now by role; shared pages of the engine's stubs are counted once (PSS). Empty when ended."""
    found: dict[str, float] = {}
    try:
        members = [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return found
    for member in members:
        try:
            role = role_of(member.name(), member.cmdline(), member.pid == process.pid)
            found[role] = found.get(role, 0.0) + member.memory_full_info().pss / 2**20
        except (psutil.NoSuchProcess, psutil.ZombieProcess):
            continue
    return found


def role_of(name: str, command: list[str], is_root: bool) -> str:
    """Gateway, database, decode workers, or Triton with its stubs."""
    if is_root:
        return "gateway"
    words = f"{name} {' '.join(command)}"
    return "triton" if "triton" in words else "database" if "postgres" in words else "decode workers"


def free_port() -> int:
    """A free port on the loopback address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
