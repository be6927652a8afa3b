"""`turnstile up`: Triton and the gateway in one process tree, until Ctrl-C or SIGTERM."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
import uvicorn

from gateway.cli.demo import screen_phantom
from gateway.cli.running import Running
from gateway.cli.session import console, errors, run_to_exit, until_ready, warn
from gateway.logs import configure_logs
from gateway.main import Services, create_app, open_services
from gateway.settings import Settings

DRAIN_S = 30
POLL_S = 0.05


def up(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 picks a free one.")] = None,
    triton_url: Annotated[str | None, typer.Option(help="host:port of a Triton elsewhere (gRPC).")] = None,
    demo: Annotated[bool, typer.Option("--demo", help="Screen a synthetic study once everything runs.")] = False,
) -> None:
    """Start everything and serve."""
    run_to_exit(_up(host, port, triton_url, demo))


async def _up(host: str | None, port: int | None, triton_url: str | None, demo: bool) -> int:
    given = {"host": host, "port": port, "triton_url": triton_url}
    settings = Settings(**{name: value for name, value in given.items() if value is not None})
    configure_logs(settings.log_level)
    errors.print("starting Triton (the first time its environment is built, which takes a minute)", style="dim")
    async with open_services(settings) as services:
        await _serve(services, demo)
    errors.print("stopped", style="dim")
    return 0


async def _serve(services: Services, demo: bool) -> None:
    server = _server(services)
    serving = asyncio.create_task(server.serve())
    with _stopped_by_signals(server):
        while not server.started and not serving.done():
            await asyncio.sleep(POLL_S)
        if server.started:
            await _announced(server, services, demo, serving)
        await serving


async def _announced(server: uvicorn.Server, services: Services, demo: bool, serving: "asyncio.Task[None]") -> None:
    """Print the addresses, leave the note for other commands, and stay until the server stops."""
    url = _address(server)
    note = Running.here(url, services.triton_url, services.settings.model_repository)
    note.leave()
    try:
        console.print(f"[bold]gateway[/]  {url}  (API: {url}/docs)", highlight=False)
        console.print(f"[bold]triton[/]   {services.triton_url} (gRPC)", highlight=False)
        warn(services)
        if demo:
            await until_ready(services)
            await screen_phantom(services, None)
        console.print("ready; Ctrl-C stops everything", style="green")
        await serving
    finally:
        note.take_away()


def _server(services: Services) -> uvicorn.Server:
    settings = services.settings
    config = uvicorn.Config(
        create_app(services),
        host=settings.host,
        port=settings.port,
        log_config=None,
        lifespan="off",
        timeout_graceful_shutdown=DRAIN_S,
    )
    return _Server(config)


class _Server(uvicorn.Server):
    """Uvicorn raises a caught signal again when it has stopped, which would kill us before Triton is told to stop."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextmanager
def _stopped_by_signals(server: uvicorn.Server) -> Iterator[None]:
    """The first Ctrl-C or SIGTERM drains, the second stops at once."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, server.handle_exit, number, None)
    try:
        yield
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


def _address(server: uvicorn.Server) -> str:
    host, port = server.servers[0].sockets[0].getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
