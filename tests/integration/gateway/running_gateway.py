"""A complete gateway with its own Triton, in a thread of the test process: real HTTP, and access to its objects."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Queue
from typing import Any

import httpx
import psutil

from gateway.composition.record_store import RecordStore, open_record_store
from gateway.composition.sending import create_sender
from gateway.composition.services import Services, open_services
from gateway.composition.worker import create_worker
from gateway.http.server.server import Server, create_server
from gateway.main import create_app
from gateway.settings.settings import Settings


@dataclass(frozen=True)
class RunningGateway:
    """Its URL, its services and store, and the scratch folder of its uploads."""

    url: str
    services: Services
    store: RecordStore
    scratch: Path

    def client(self, **options: Any) -> httpx.Client:
        return httpx.Client(base_url=self.url, timeout=120, trust_env=False, **options)

    def predict(self, *uploads: Path, names: tuple[str, ...] = (), **options: Any) -> httpx.Response:
        """POST the files to /inference/predict."""
        names = names or tuple(path.name for path in uploads)
        files = [("file", (name, path.read_bytes())) for name, path in zip(names, uploads, strict=True)]
        with self.client() as client:
            return client.post("/inference/predict", files=files, **options)

    @property
    def secrets(self) -> dict[str, str]:
        """Environment variables with which another process can use this gateway's Triton."""
        secret = self.services.triton_secret
        return {"TURNSTILE_TRITON_SECRET": secret.get_secret_value()} if secret else {}

    @property
    def triton(self) -> psutil.Process:
        """The server process on the engine's port."""
        port = int(self.services.triton_url.rpartition(":")[2])
        return next(child for child in tritons() if any(link.laddr.port == port for link in child.net_connections()))

    def is_ready(self) -> bool:
        with self.client() as client:
            return client.get("/readyz").status_code == 200

    def is_idle(self) -> bool:
        """Whether no upload is processed and the scratch folder of the process is empty."""
        return self.services.admission.in_flight == 0 and not list(self.services.scratch.iterdir())


def tritons() -> list[psutil.Process]:
    """The tritonserver processes that this process started."""
    return [child for child in psutil.Process().children(recursive=True) if _name(child) == "tritonserver"]


def _name(process: psutil.Process) -> str:
    """The name; empty for a process that has just ended, as PostgreSQL's do."""
    with suppress(psutil.NoSuchProcess):
        return str(process.name())
    return ""


def same_triton(running: RunningGateway) -> dict[str, Any]:
    """Settings for another gateway on this one's Triton, which takes seconds to start."""
    return {"triton_url": running.services.triton_url, "triton_secret": running.services.triton_secret}


@contextmanager
def running_gateway(scratch: Path, **settings: Any) -> Iterator[RunningGateway]:
    """Start a gateway; at the end stop it with all its processes. Its data folder is beside `scratch`.

    `send_buffer` among the settings is the kernel's buffer for each connection, in bytes: with a small one a slow
    reader is soon noticed.
    """
    started: Queue[tuple[Server, Services, RecordStore] | BaseException] = Queue()
    listener = socket.create_server(("127.0.0.1", 0))
    if (send_buffer := settings.pop("send_buffer", None)) is not None:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)
    settings = {"scratch_folder": scratch, "data_folder": scratch.with_name(f"{scratch.name}-data")} | settings
    serve = _serve(Settings(**settings), listener, started)
    thread = threading.Thread(target=lambda: asyncio.run(serve), name="gateway")
    thread.start()
    outcome = started.get()
    if isinstance(outcome, BaseException):
        thread.join()
        raise outcome
    server, services, store = outcome
    try:
        yield RunningGateway(f"http://127.0.0.1:{listener.getsockname()[1]}", services, store, scratch)
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


async def _serve(settings: Settings, listener: socket.socket, started: "Queue[Any]") -> None:
    try:
        async with open_record_store(settings) as store, open_services(settings) as services:
            server = create_server(create_app(services, store), settings, services.metrics)
            async with create_worker(services, store).running(), create_sender(services, store).running():
                started.put((server, services, store))
                await server.serve([listener])
    except BaseException as error:
        started.put(error)
        raise
