"""The listening socket of `up`, and a demo that fails: `up` says so and goes on."""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from gateway.cli import demo_records, up
from gateway.cli.demo import STUDIES
from gateway.cli.up import _listening_socket, _serve
from gateway.settings.settings import Settings
from gateway.telemetry.metrics import Metrics

FAILED = "could not be shown"
WATCHED = 4  # looks at a running analysis until the stop comes


def test_it_names_tcp_so_that_asyncio_sets_nodelay() -> None:
    with _listening_socket("127.0.0.1", 0) as listener:
        assert listener.proto == socket.IPPROTO_TCP


class Api:
    """The calls that the demo makes: an analysis of it never ends, or cannot be asked for."""

    def __init__(self, status_of_analyze: int) -> None:
        self.status_of_analyze = status_of_analyze
        self.asked: list[str] = []
        self.watched = asyncio.Event()

    async def answer(self, request: Request) -> JSONResponse:
        call = f"{request.method} {request.url.path}"
        self.asked.append(call)
        if call.startswith("GET /api/patients") or call == "GET /api/scans":
            return JSONResponse({"items": []})
        if call.endswith("/analyze"):
            return JSONResponse({"state": "queued"}, self.status_of_analyze)
        if self.asked.count("GET /api/scans/1/analysis") >= WATCHED:
            self.watched.set()
        return JSONResponse({"id": "1", "state": "running"})


class Demo:
    """`up --demo` without PostgreSQL and Triton: its own server, signals and tasks, in front of an `Api`."""

    def __init__(self, api: Api, listener: socket.socket) -> None:
        self.api, self.url = api, f"http://127.0.0.1:{listener.getsockname()[1]}"
        closed = SimpleNamespace(close=lambda: None)
        login = SimpleNamespace(local_admin_enabled=True, description="none")
        store: Any = SimpleNamespace(authentication=login, location="nowhere", notifications=closed)
        services: Any = SimpleNamespace(triton_url="nowhere", settings=Settings(), metrics=Metrics(), scratch=Path())
        self.running = asyncio.create_task(_serve(services, store, listener, demo=True))

    async def stopped(self) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        async with asyncio.timeout(60):
            await self.running


@pytest.fixture
def without_services(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Api:
    """What `up` would start is nothing, and the app is the `Api`."""
    api = Api(200)
    worker = SimpleNamespace(running=lambda: nullcontext(SimpleNamespace(drain=lambda: None)))
    app = Starlette(routes=[Route("/{path:path}", api.answer, methods=["GET", "POST"])])
    app.state.body_timeouts = SimpleNamespace(stop=lambda _: None)

    @asynccontextmanager
    async def studies() -> AsyncIterator[dict[object, Path]]:
        (tmp_path / "study.zip").write_bytes(b"zip")
        yield dict.fromkeys(STUDIES, tmp_path / "study.zip")

    async def ready(_: object) -> None:
        """Nothing to wait for."""

    monkeypatch.setattr(up, "create_app", lambda *_: app)
    monkeypatch.setattr(up, "create_worker", lambda *_: worker)
    monkeypatch.setattr(up, "create_sender", lambda *_: worker)
    monkeypatch.setattr(up, "_receiving", lambda *_: nullcontext())
    monkeypatch.setattr(up, "running_index", lambda *_: nullcontext())
    monkeypatch.setattr(up, "fetching_priors", lambda *_: nullcontext())
    monkeypatch.setattr(up, "_discoverable", lambda *_: nullcontext())
    monkeypatch.setattr(up, "print_warnings", lambda _: None)
    monkeypatch.setattr(up, "wait_until_ready", ready)
    monkeypatch.setattr(demo_records, "written_studies", studies)
    monkeypatch.setattr(demo_records, "POLL_S", 0.05)
    return api


async def test_a_demo_that_is_refused_does_not_end_the_service(
    without_services: Api, capfd: pytest.CaptureFixture[str]
) -> None:
    without_services.status_of_analyze = 500
    with _listening_socket("127.0.0.1", 0) as listener:
        demo = Demo(without_services, listener)
        told = ""
        async with asyncio.timeout(60):
            while "Ctrl-C stops everything" not in told and not demo.running.done():
                await asyncio.sleep(0.02)
                told += "".join(capfd.readouterr())
        assert FAILED in told
        assert "500" in told
        async with httpx.AsyncClient(trust_env=False) as client:
            assert (await client.get(f"{demo.url}/readyz")).status_code == 200
        await demo.stopped()


async def test_a_stop_during_the_demo_ends_everything(without_services: Api, capfd: pytest.CaptureFixture[str]) -> None:
    with _listening_socket("127.0.0.1", 0) as listener:
        demo = Demo(without_services, listener)
        async with asyncio.timeout(60):
            await without_services.watched.wait()
        await demo.stopped()
    assert FAILED in "".join(capfd.readouterr())
    assert without_services.asked.count("POST /api/scans/1/analyze") == len(STUDIES)
