"""The service that a run asks: one of its own, started again when it died, or one that is up on the loopback."""

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
    """Where the service's Triton answers gRPC, and the secret that it wants."""

    url: str
    secret: str | None


@dataclass(frozen=True)
class Served:
    """A service with its engine."""

    service: Service
    engine: Engine


class Serving:
    """Gives a service that is ready, part after part."""

    def __init__(self, url: str | None, log: Path) -> None:
        self._url = url.rstrip("/") if url else None
        self._log = log
        self._stack = ExitStack()
        self._served: Served | None = None

    @property
    def served(self) -> Served:
        """The service; raises RuntimeError when the one that was named is not there."""
        if self._served is None:
            self._served = self._stack.enter_context(_named(self._url) if self._url else _own(self._log))
        return self._served

    def look_after(self) -> None:
        """Between two parts: one that does not get ready again is stopped, and the next part gets a new one."""
        end_s = time.monotonic() + PATIENCE_S
        while self._served is not None and not answers(f"{self._served.service.url}/readyz"):
            if time.monotonic() > end_s or not self._served.service.process.is_running():
                self.close()

    def close(self) -> None:
        """Stop what was started here."""
        self._served = None
        self._stack.close()


def must_be_loopback(url: str) -> None:
    """Raises ValueError for an address of another machine: it is no place to make load on."""
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
    """`turnstile up` with a home of its own, so that its note is not another's."""
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
    note = _note(default_home(), url)
    with watched(url, psutil.Process(note["pid"])) as service:
        yield Served(service, _engine(default_home(), url))


def _engine(home: Path, url: str) -> Engine:
    note = _note(home, url)
    return Engine(note["triton_url"], note["triton_secret"])


def _note(home: Path, url: str) -> dict[str, Any]:
    """The note that `turnstile up` left (gateway/cli/running_instance.py); raises RuntimeError when it is another's."""
    note = home / NOTE
    found: dict[str, Any] = json.loads(note.read_text()) if note.exists() else {}
    if found.get("url") != url:
        raise RuntimeError(f"no `turnstile up` of this user left a note that it serves {url}; start it by that address")
    return found
