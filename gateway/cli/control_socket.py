"""The socket through which `turnstile switch` controls a running `turnstile up` of the same user.

It lies in a folder of mode 0700. Each line is a JSON object: the request `{"switch": FOLDER}`, then
`{"progress": TEXT}` for each step, and at the end `{"done": true}` or `{"refused": TEXT}`.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import structlog

from engines.errors import EngineError
from engines.owned_folder import owned_folder
from gateway.errors import GatewayError
from gateway.screening.network_switch import SwitchRefused
from gateway.unix_sockets import socket_folder
from screening.errors import StudyError
from screening.results.model_card import InvalidModelCard

log = structlog.get_logger(__name__)

OnProgress = Callable[[str], None]
SwitchHandler = Callable[[str, OnProgress], Awaitable[None]]


@asynccontextmanager
async def control_socket(switch: SwitchHandler) -> AsyncIterator[Path]:
    """Serve requests on a new socket and give its path; at the end of the block running requests are cancelled."""
    tasks: set[asyncio.Task[None]] = set()

    def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(_answer(switch, reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    with owned_folder(Path(socket_folder()), "turnstile-switch-") as folder:
        path = folder / "control"
        server = await asyncio.start_unix_server(answer, path)
        try:
            yield path
        finally:
            server.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def request_switch(path: Path, repository: Path, on_progress: OnProgress) -> None:
    """Let the running `up` switch networks; raises SwitchRefused with its reason, or when it ends before the switch."""
    try:
        reader, writer = await asyncio.open_unix_connection(path)
    except OSError as error:
        raise SwitchRefused("the running `turnstile up` does not answer") from error
    try:
        writer.write(json.dumps({"switch": str(repository)}).encode() + b"\n")
        while line := await reader.readline():
            message = json.loads(line)
            if "progress" in message:
                on_progress(message["progress"])
            elif "refused" in message:
                raise SwitchRefused(message["refused"])
            elif "done" in message:
                return
        raise SwitchRefused("`turnstile up` ended before the switch; see its log")
    finally:
        writer.close()


async def _answer(switch: SwitchHandler, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    def send(**message: str | bool) -> None:
        if not writer.is_closing():  # the switch goes on when the client has gone
            writer.write(json.dumps(message).encode() + b"\n")

    try:
        request = json.loads(await reader.readline())
        await switch(request["switch"], lambda text: send(progress=text))
        send(done=True)
    except (EngineError, GatewayError, StudyError) as error:
        send(refused=error.detail)
    except (InvalidModelCard, OSError, SwitchRefused) as error:
        send(refused=str(error))
    except Exception:
        log.exception("a fault of the program")
        send(refused="the program failed; the log of `turnstile up` has the reason")
    finally:
        with suppress(OSError):
            await writer.drain()
        writer.close()
