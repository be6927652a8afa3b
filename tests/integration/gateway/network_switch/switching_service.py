"""A real `turnstile up` in a home of its own, and what people do with it."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import Any

import httpx
import psutil

from engines.data_directories import default_home
from engines.python_environment import engine_environment
from gateway.cli.control_socket import ask
from tests.integration.polling import until


@dataclass(frozen=True)
class Judged:
    """What may not be mixed: the card that a report names, and what came of its weights and numbers."""

    model_card: str
    score: float
    probability: float
    threshold: float

    @classmethod
    def of(cls, report: dict[str, Any]) -> "Judged":
        return cls(
            report["provenance"]["model_card"],
            report["score"],
            report["probability"],
            report["operating_point"]["threshold"],
        )


@dataclass(frozen=True)
class House:
    """The process, its home, and its API."""

    process: "subprocess.Popen[bytes]"
    home: Path
    log: Path

    @property
    def note(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads((self.home / "running.json").read_text())
        return told

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.note["url"], timeout=120, trust_env=False)

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
        """The servers of this house that live."""
        return [one for one in psutil.Process(self.process.pid).children(recursive=True) if _is_triton(one)]

    def switch(self, repository: Path) -> "subprocess.CompletedProcess[str]":
        """As an operator does it."""
        command = [sys.executable, "-m", "gateway.cli", "switch", str(repository)]
        return subprocess.run(
            command, env=_environ(self.home), capture_output=True, text=True, timeout=120, check=False
        )

    def asked_to_switch(self, repository: Path) -> list[str]:
        """As the command does it, 2 s faster: what is told; raises SwitchRefused."""
        told: list[str] = []
        asyncio.run(ask(Path(self.note["control"]), repository, told.append))
        return told


@dataclass
class Callers:
    """Ask for the same study on and on; every answer is kept, by what it says."""

    house: House
    study: Path
    judged: Counter[Judged] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)
    _over: Event = field(default_factory=Event)

    @contextmanager
    def principal(self, callers: int) -> Iterator[None]:
        threads = [Thread(target=self._ask_on) for _ in range(callers)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._over.set()
            for thread in threads:
                thread.join()

    def _ask_on(self) -> None:
        while not self._over.is_set():
            answer = self.house.predict(self.study)
            if answer.status_code == 200:
                self.judged[Judged.of(answer.json())] += 1
            else:
                self.failed.append(answer.text)


@contextmanager
def running_house(folder: Path, repository: Path) -> Iterator[House]:
    """Up with its own PostgreSQL and Triton; the engine's environment is the one that is there already."""
    home, log = folder / "home", folder / "up.log"
    home.mkdir(parents=True)
    engine = engine_environment(default_home()).python.parent.parent
    (home / engine.name).symlink_to(engine)
    environ = _environ(home) | {"TURNSTILE_MODEL_REPOSITORY": str(repository), "TURNSTILE_WORKERS": "1"}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "gateway.cli", "up", "--port", "0"], env=environ, stdout=output, stderr=output
        )
    house = House(process, home, log)
    try:
        until(lambda: b"Ctrl-C stops" in log.read_bytes() or process.poll() is not None)
        assert process.poll() is None, log.read_text()
        yield house
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def _environ(home: Path) -> dict[str, str]:
    return os.environ | {"TURNSTILE_HOME": str(home), "PYTHONPATH": os.pathsep.join(sys.path), "COLUMNS": "160"}


def _is_triton(process: psutil.Process) -> bool:
    """Whether it is a server that lives; who has ended since it was listed does not."""
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE and process.name() == "tritonserver")
    except psutil.NoSuchProcess:
        return False
