"""A real `turnstile up` in a home folder of its own, with its clients and its operator."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import Any

import httpx
import psutil

from engines.data_directories import default_home
from engines.python_environment import engine_environment
from gateway.cli.control_socket import request_switch
from tests.integration.polling import until


@dataclass(frozen=True)
class ReportedDecision:
    """What must belong to one set of networks in a report: the model card, and what its weights and numbers decide."""

    model_card: str
    score: float
    probability: float
    threshold: float

    @classmethod
    def of(cls, report: dict[str, Any]) -> "ReportedDecision":
        return cls(
            report["provenance"]["model_card"],
            report["score"],
            report["probability"],
            report["operating_point"]["threshold"],
        )


@dataclass(frozen=True)
class SwitchingService:
    """The process, its home folder and its API."""

    process: "subprocess.Popen[bytes]"
    home: Path
    log: Path

    @property
    def instance_file(self) -> dict[str, Any]:
        steps: dict[str, Any] = json.loads((self.home / "running.json").read_text())
        return steps

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.instance_file["url"], timeout=120, trust_env=False)

    def get(self, path: str) -> Any:
        with self.client() as client:
            return client.get(path).raise_for_status().json()

    def predict(self, study: Path) -> httpx.Response:
        with self.client() as client:
            files = {"file": (study.name, study.read_bytes())}
            return client.post("/inference/predict", files=files, params={"detail": "full"})

    def upload(self, study: Path, patient: str) -> str:
        """The id of a new scan."""
        with self.client() as client:
            files = {"file": (study.name, study.read_bytes())}
            answer = client.post("/api/scans", files=files, data={"patient_id": patient})
        scan: str = answer.raise_for_status().json()["id"]
        return scan

    def tritons(self) -> list[psutil.Process]:
        """The running Triton processes of this service."""
        return tritons_of(self.process.pid)

    def switch(self, repository: Path) -> "subprocess.CompletedProcess[str]":
        """Run `turnstile switch`."""
        command = [sys.executable, "-m", "gateway.cli", "switch", str(repository)]
        return subprocess.run(
            command, env=_environ(self.home), capture_output=True, text=True, timeout=120, check=False
        )

    def switch_over_socket(self, repository: Path) -> list[str]:
        """Switch over the control socket, 2 s faster than the command; its steps. Raises SwitchRefused."""
        steps: list[str] = []
        asyncio.run(request_switch(Path(self.instance_file["control"]), repository, steps.append))
        return steps


@dataclass
class PredictionClients:
    """Clients that send the same study again and again, and count the answers."""

    service: SwitchingService
    study: Path
    decisions: Counter[ReportedDecision] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)
    _over: Event = field(default_factory=Event)

    @contextmanager
    def running(self, clients: int) -> Iterator[None]:
        threads = [Thread(target=self._send_until_over) for _ in range(clients)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._over.set()
            for thread in threads:
                thread.join()

    def _send_until_over(self) -> None:
        while not self._over.is_set():
            answer = self.service.predict(self.study)
            if answer.status_code == 200:
                self.decisions[ReportedDecision.of(answer.json())] += 1
            else:
                self.failed.append(answer.text)


@contextmanager
def running_service(folder: Path, repository: Path) -> Iterator[SwitchingService]:
    """A service with its own PostgreSQL and Triton; it shares the Python environment of Triton."""
    home, log = home_of_its_own(folder), folder / "up.log"
    environ = _environ(home) | {"TURNSTILE_MODEL_REPOSITORY": str(repository), "TURNSTILE_WORKERS": "1"}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "gateway.cli", "up", "--port", "0"], env=environ, stdout=output, stderr=output
        )
    service = SwitchingService(process, home, log)
    try:
        until(lambda: b"Ctrl-C stops" in log.read_bytes() or process.poll() is not None)
        assert process.poll() is None, log.read_text()
        yield service
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def home_of_its_own(folder: Path) -> Path:
    """A new home in `folder` that shares the Python environment of Triton."""
    home = folder / "home"
    home.mkdir(parents=True)
    engine = engine_environment(default_home()).python.parent.parent
    (home / engine.name).symlink_to(engine)
    return home


def tritons_of(pid: int) -> list[psutil.Process]:
    """The running Triton processes that this process has started; none when it has ended."""
    with suppress(psutil.NoSuchProcess):
        return [one for one in psutil.Process(pid).children(recursive=True) if _is_triton(one)]
    return []


def _environ(home: Path) -> dict[str, str]:
    return os.environ | {"TURNSTILE_HOME": str(home), "PYTHONPATH": os.pathsep.join(sys.path), "COLUMNS": "160"}


def _is_triton(process: psutil.Process) -> bool:
    """Whether it is a running Triton; one that has ended since it was listed is not."""
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE and process.name() == "tritonserver")
    except psutil.NoSuchProcess:
        return False
