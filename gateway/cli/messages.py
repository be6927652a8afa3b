"""What a command prints, and how it ends: the two consoles, and messages for the errors that a user can correct."""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from io import TextIOBase
from typing import IO, Any, Final, cast

import structlog
import typer
from pydantic import ValidationError
from rich.console import Console

from engines.errors import EngineError
from gateway.backups.errors import BackupError
from gateway.errors import GatewayError
from screening.errors import EngineUnavailable
from screening.user_error import UserError

log = structlog.get_logger(__name__)

ERRORS_WITH_DETAIL: Final = (BackupError, EngineError, EngineUnavailable, GatewayError)

console = Console()
errors = Console(stderr=True)


class _LogLines(TextIOBase):
    """A file whose lines become lines of the log."""

    def write(self, text: str) -> int:
        """Log what is not blank."""
        for line in filter(None, map(str.strip, text.splitlines())):
            log.info(line)
        return len(text)


def log_what_is_said() -> None:
    """From now on both consoles write into the log: where nobody reads along, every line is to be of one form."""
    for one in (console, errors):
        one.file, one.soft_wrap = cast("IO[str]", _LogLines()), True


def run_and_exit(work: Coroutine[Any, Any, int]) -> None:
    """Run a command and exit with its status; known errors become a message."""
    with exit_with_message():
        raise typer.Exit(asyncio.run(work))


@contextmanager
def exit_with_message() -> Iterator[None]:
    """Turn errors that the user can correct into a message without a traceback, and exit with status 1."""
    try:
        yield
    except ERRORS_WITH_DETAIL as error:
        _fail(error.detail)
    except UserError as error:
        _fail(str(error))
    except ValidationError as error:
        _fail("\n".join(f"{_variable(fault['loc'])}: {fault['msg']}" for fault in error.errors()))
    except KeyboardInterrupt:
        errors.print("stopped", style="yellow")
        raise typer.Exit(130) from None


def _variable(where: tuple[int | str, ...]) -> str:
    """The name of the wrong setting; the message of a rule about several settings names them itself."""
    return f"TURNSTILE_{str(where[0]).upper()}" if where else "settings"


def _fail(message: str) -> None:
    errors.print(message, style="red", highlight=False, markup=False)
    errors.print("`turnstile doctor` checks the installation.", style="dim")
    raise typer.Exit(1)
