"""How another command of the same user speaks to a running `turnstile up`: one question, and words until the end.

A socket in a folder that nobody else may enter. Each line is a JSON object: the question `{"switch": FOLDER}`, then
`{"told": WORDS}` for each step, and at the end `{"done": true}` or `{"refused": WORDS}`.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog

from engines.errors import EngineError
from gateway.errors import GatewayError
from gateway.screening.network_switch import SwitchRefused
from gateway.unix_sockets import folder_for_sockets
from screening.errors import StudyError
from screening.model_card import InvalidModelCard

log = structlog.get_logger(__name__)

Tell = Callable[[str], None]
Do = Callable[[str, Tell], Awaitable[None]]


@asynccontextmanager
async def listening(switch: Do) -> AsyncIterator[Path]:
    """Answer on a new socket, whose path this gives, until the block ends; what is under way then is cancelled."""
    under_way: set[asyncio.Task[None]] = set()

    def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(_answer(switch, reader, writer))
        under_way.add(task)
        task.add_done_callback(under_way.discard)

    with TemporaryDirectory(prefix="turnstile-", dir=folder_for_sockets()) as folder:  # mode 0700
        path = Path(folder) / "control"
        server = await asyncio.start_unix_server(answer, path)
        try:
            yield path
        finally:
            server.close()
            for task in under_way:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)


async def ask(path: Path, repository: Path, tell: Tell) -> None:
    """Have the networks switched; raises SwitchRefused in the other's words, or when it goes away meanwhile."""
    try:
        reader, writer = await asyncio.open_unix_connection(path)
    except OSError as error:
        raise SwitchRefused("the running `turnstile up` does not answer") from error
    try:
        writer.write(json.dumps({"switch": str(repository)}).encode() + b"\n")
        while line := await reader.readline():
            said = json.loads(line)
            if "told" in said:
                tell(said["told"])
            elif "refused" in said:
                raise SwitchRefused(said["refused"])
            else:
                return
        raise SwitchRefused("`turnstile up` ended before the switch did; its log tells how far it came")
    finally:
        writer.close()


async def _answer(switch: Do, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    def say(**words: str | bool) -> None:
        if not writer.is_closing():  # the switch goes on without its listener
            writer.write(json.dumps(words).encode() + b"\n")

    try:
        question = json.loads(await reader.readline())
        await switch(question["switch"], lambda words: say(told=words))
        say(done=True)
    except (EngineError, GatewayError, StudyError) as error:
        say(refused=error.detail)
    except (InvalidModelCard, OSError, SwitchRefused) as error:
        say(refused=str(error))
    except Exception:
        log.exception("a fault of the program")
        say(refused="the program failed; the log of `turnstile up` has the reason")
    finally:
        with suppress(OSError):
            await writer.drain()
        writer.close()
