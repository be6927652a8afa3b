"""`turnstile up`: PostgreSQL, Triton and the gateway in one process tree, until Ctrl-C or SIGTERM."""

import asyncio
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from gateway.cli.control_socket import OnProgress, control_socket
from gateway.cli.demo import screen_studies
from gateway.cli.demo_records import show_on_page
from gateway.cli.messages import console, errors, log_what_is_said, run_and_exit
from gateway.cli.running_instance import RunningInstance, remove_own_file
from gateway.cli.services import print_warnings, wait_until_ready
from gateway.composition.dicom_index import running_index
from gateway.composition.network_switch_audit import record_network_switch
from gateway.composition.pacs import completing_studies, create_receiver, fetching_priors, listening
from gateway.composition.record_store import RecordStore, open_record_store
from gateway.composition.sending import create_sender
from gateway.composition.services import Services, open_services
from gateway.composition.worker import create_worker
from gateway.http.server.open_files import raise_open_file_limit
from gateway.http.server.server import Server, create_server
from gateway.main import create_app
from gateway.screening.network_switch import SwitchHooks
from gateway.settings.settings import Settings
from gateway.telemetry.logs import configure_logs


def up(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 picks a free one.")] = None,
    triton_url: Annotated[str | None, typer.Option(help="host:port of a Triton that runs already (gRPC).")] = None,
    demo: Annotated[bool, typer.Option("--demo", help="Screen two synthetic studies once everything runs.")] = False,
) -> None:
    """Start everything and serve."""
    run_and_exit(_up(host, port, triton_url, demo))


async def _up(host: str | None, port: int | None, triton_url: str | None, demo: bool) -> int:
    given: dict[str, Any] = {"host": host, "port": port, "triton_url": triton_url}
    settings = Settings(**{name: value for name, value in given.items() if value is not None})
    configure_logs(settings.log_level)
    if settings.log_everything:
        log_what_is_said()
    raise_open_file_limit()
    with _listening_socket(settings.host, settings.port) as listener:
        errors.print("starting PostgreSQL and Triton (the first start installs Triton, about a minute)", style="dim")
        async with open_record_store(settings) as store:
            await store.authentication.require_login()
            async with open_services(settings) as services:
                await _serve(services, store, listener, demo)
    errors.print("stopped", style="dim")
    return 0


async def _serve(services: Services, store: RecordStore, listener: socket.socket, demo: bool) -> None:
    url = _url(listener)
    server = create_server(create_app(services, store), services.settings, services.metrics)
    async with AsyncExitStack() as stack:
        worker = await stack.enter_async_context(create_worker(services, store).running())
        await stack.enter_async_context(create_sender(services, store).running())
        dicom = await stack.enter_async_context(_receiving(services, store))
        await stack.enter_async_context(running_index(services, store))
        await stack.enter_async_context(fetching_priors(services.settings, store, services.scratch))
        await stack.enter_async_context(_discoverable(url, services, store))
        stack.enter_context(_stop_on_signals(server, worker.drain, store.notifications.close))
        async with asyncio.TaskGroup() as group:
            group.create_task(server.serve([listener]))
            await _print_addresses(services, store, url, demo, dicom)


@asynccontextmanager
async def _discoverable(url: str, services: Services, store: RecordStore) -> AsyncIterator[None]:
    """Let other commands of this user find this process, and serve `turnstile switch`, until the block ends."""

    async def switch(repository: str, on_progress: OnProgress) -> None:
        record = partial(record_network_switch, services, store)
        await services.switch.switch_to(Path(repository), SwitchHooks(record, write_instance_file, on_progress))

    def write_instance_file() -> None:
        RunningInstance.of_this_process(url, services, store, socket_path).write()

    async with control_socket(switch) as socket_path:
        write_instance_file()
        try:
            yield
        finally:
            remove_own_file()


@asynccontextmanager
async def _receiving(services: Services, store: RecordStore) -> AsyncIterator[str | None]:
    """Complete studies from the network, and listen for them where the settings say so; gives the address."""
    settings = services.settings
    receiver = create_receiver(settings, store, services.disk_reserve, services.receiving)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(completing_studies(settings, store, services.receiving))
        if not settings.pacs_listen:
            yield None
            return
        listener = await stack.enter_async_context(listening(settings, receiver, services.scratch))
        yield f"{settings.pacs_ae_title} at {listener.host}:{listener.port}"


async def _print_addresses(services: Services, store: RecordStore, url: str, demo: bool, dicom: str | None) -> None:
    console.print(f"[bold]gateway[/]  {url}  (API: {url}/docs)", highlight=False)
    if dicom is not None:
        console.print(f"[bold]dicom[/]    {dicom}", highlight=False)
    console.print(f"[bold]triton[/]   {services.triton_url} (gRPC)", highlight=False)
    console.print(f"[bold]records[/]  {store.location}", highlight=False)
    console.print(f"[bold]login[/]    {store.authentication.description}", highlight=False)
    print_warnings(services)
    if demo:
        await wait_until_ready(services)
        await (show_on_page(url) if store.authentication.local_admin_enabled else screen_studies(services))
    console.print("Ctrl-C stops everything", style="green")


@contextmanager
def _stop_on_signals(server: Server, *others: Callable[[], None]) -> Iterator[None]:
    """The first Ctrl-C or SIGTERM drains the server and calls the others; the second stops the server at once."""
    loop = asyncio.get_running_loop()

    def stop(number: int) -> None:
        server.handle_exit(number, None)
        for other in others:
            other()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop, number)
    try:
        yield
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


@contextmanager
def _listening_socket(host: str, port: int) -> Iterator[socket.socket]:
    """A socket bound to the address, not yet listening: early clients are refused instead of waiting."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sets TCP_NODELAY only where the protocol is named; without it every answer waits 40 ms for an ACK.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    with listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError as error:
            raise typer.BadParameter(f"{host}:{port} cannot be used: {error.strerror}", param_hint="--port") from error
        yield listener


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
