"""The service under test: one that the run starts and restarts, or one that runs on the loopback address."""

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

import psutil

from benchmarks.service import Service, answers, running_service, watched
from engines.data_directories import default_home
from engines.python_environment import engine_environment

NOTE = "running.json"
PATIENCE_S = 60.0


@dataclass(frozen=True)
class Engine:
    """The gRPC address of the service's Triton, and its secret."""

    url: str
    secret: str | None


@dataclass(frozen=True)
class Served:
    """A service with its engine."""

    service: Service
    engine: Engine


class Serving:
    """Provides a ready service to each part."""

    def __init__(self, url: str | None, log: Path) -> None:
        self._url = url.rstrip("/") if url else None
        self._log = log
        self._stack = ExitStack()
        self._served: Served | None = None

    @property
    def served(self) -> Served:
        """The service; raises RuntimeError when the service of --url does not answer."""
        if self._served is None:
            self._served = self._stack.enter_context(_named(self._url) if self._url else _own(self._log))
        return self._served

    def restart_if_not_ready(self) -> None:
        """Between two parts: stop a service that is not ready, so that the next part gets a new one."""
        end_s = time.monotonic() + PATIENCE_S
        while self._served is not None and not answers(f"{self._served.service.url}/readyz"):
            if time.monotonic() > end_s or not self._served.service.process.is_running():
                self.close()

    def close(self) -> None:
        """Stop the service that this run started."""
        self._served = None
        self._stack.close()


def must_be_loopback(url: str) -> None:
    """Raises ValueError for an address of another machine: load is sent to this machine only."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        here = host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        here = False
    if parts.scheme != "http" or not here:
        raise ValueError(f"{url} is not http:// on this machine's loopback; load goes nowhere else")


@contextmanager
def _own(log: Path) -> Iterator[Served]:
    """`turnstile up` with its own TURNSTILE_HOME, so that its instance file is its own."""
    python = str(engine_environment(default_home()).python)
    with (
        TemporaryDirectory(prefix="turnstile-bench-home-") as home,
        running_service(log=str(log), home=home, engine_python=python) as service,
    ):
        yield Served(service, _engine(Path(home), service.url))


@contextmanager
def _named(url: str) -> Iterator[Served]:
    if not answers(f"{url}/readyz"):
        raise RuntimeError(f"{url}/readyz does not answer 200; start it with `turnstile up`")
    note = _instance_file(default_home(), url)
    with watched(url, psutil.Process(note["pid"])) as service:
        yield Served(service, _engine(default_home(), url))


def _engine(home: Path, url: str) -> Engine:
    note = _instance_file(home, url)
    return Engine(note["triton_url"], note["triton_secret"])


def _instance_file(home: Path, url: str) -> dict[str, Any]:
    """The instance file of `turnstile up` (gateway/cli/running_instance.py); raises RuntimeError for another one."""
    note = home / NOTE
    found: dict[str, Any] = json.loads(note.read_text()) if note.exists() else {}
    if found.get("url") != url:
        raise RuntimeError(f"no `turnstile up` of this user left a note that it serves {url}; start it by that address")
    return found
