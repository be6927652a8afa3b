"""The cluster: `turnstile up` without analyses, and separate workers, as the chart starts them."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import psutil
import psycopg

from benchmarks.service import Service, running_service, stop
from benchmarks.two_workers.cpu_usage import CpuSeconds
from engines.data_directories import default_home
from engines.python_environment import engine_environment
from gateway.settings.settings import ROOT, Settings

WORKERS: Final = 2
AT_ONCE: Final = Settings.model_fields["workers"].default
DECODERS: Final = Settings.model_fields["decode_workers"].default
START_LIMIT_S: Final = 120.0


@dataclass(frozen=True)
class Cluster:
    """Its URL, the location of its records and files, and its processes by kind."""

    service: Service
    database_url: str
    data: Path
    workers: tuple[psutil.Process, ...]

    @property
    def url(self) -> str:
        """The URL of the gateway."""
        return self.service.url

    def spent(self) -> CpuSeconds:
        """CPU seconds so far."""
        client = psutil.Process()
        roles = {"gateway": [self.service.process], "workers": [*self.workers], "client": [client]}
        return CpuSeconds.read_so_far(roles)


@contextmanager
def running_cluster(checkout: Path = ROOT) -> Iterator[Cluster]:
    """Start that of a checkout with its own folders; yields when the gateway is ready and both workers listen."""
    python = str(engine_environment(default_home()).python)  # built once for all, not once for this home
    with TemporaryDirectory(prefix="turnstile-cluster-") as folder, ExitStack() as stack:
        home, data = Path(folder) / "home", Path(folder) / "data"
        service = stack.enter_context(
            running_service(
                checkout=str(checkout), home=str(home), data_folder=str(data), engine_python=python, workers="0"
            )
        )
        service.memory.stop()  # not needed here, and sampling costs 0.03 of a core
        database_url = json.loads((home / "running.json").read_text())["database_url"]
        own = {"home": str(home), "data_folder": str(data), "database_url": database_url, "workers": str(AT_ONCE)}
        workers = [stack.enter_context(_worker(checkout, own)) for _ in range(WORKERS)]
        _until_at_work(database_url, workers)
        processes = tuple(psutil.Process(worker.pid) for worker in workers)
        yield Cluster(service, database_url, data, processes)


@contextmanager
def _worker(checkout: Path, settings: dict[str, str]) -> Iterator["subprocess.Popen[bytes]"]:
    environ = os.environ | {f"TURNSTILE_{name.upper()}": value for name, value in settings.items()}
    command = [sys.executable, "-m", "gateway.cli", "worker"]
    child = subprocess.Popen(command, cwd=checkout, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environ)
    try:
        yield child
    finally:
        stop(child)


def _until_at_work(database_url: str, workers: list["subprocess.Popen[bytes]"]) -> None:
    """Wait until every worker listens to the queue."""
    deadline = time.monotonic() + START_LIMIT_S
    with psycopg.connect(database_url, autocommit=True) as connection:
        while connection.execute("SELECT count(*) FROM procrastinate_workers").fetchall()[0][0] < len(workers):
            if any(worker.poll() is not None for worker in workers):
                raise RuntimeError("turnstile worker ended at once; run it by hand to see why")
            if time.monotonic() > deadline:
                raise TimeoutError(f"the workers were not at work within {START_LIMIT_S:.0f} s")
            time.sleep(0.3)
