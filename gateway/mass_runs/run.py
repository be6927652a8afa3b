"""A mass run: thousands of uploads, several at once, each in the journal when it ends."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from gateway.mass_runs.journal import Entry, Journal


class Screening(Protocol):
    """Where uploads are screened: here, or through a gateway elsewhere."""

    async def reports(self, item: Path) -> Sequence[Mapping[str, Any]]:
        """The whole report of each study of the upload, as JSON; what fails, fails in its own report.

        An exception is a reason to stop the run.
        """


async def screen_all(
    screening: Screening, items: Iterable[Path], journal: Journal, at_once: int, on_done: Callable[[Entry], None]
) -> None:
    """Screen what the items hold; a study that fails is a failed row and the run goes on.

    Raises what stops the run; what is in the journal by then stays.
    """
    waiting = iter(items)

    async def screen_next() -> None:
        for item in waiting:
            on_done(journal.append(str(item), await screening.reports(item)))

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(at_once):
                group.create_task(screen_next())
    except ExceptionGroup as several:  # they were stopped by the first
        raise several.exceptions[0] from several


def printable(item: Path) -> str:
    """The path as a table can hold it: broken UTF-8, line ends and marks that turn text around are escaped.

    A file's name may hold any byte; a carriage return in it would forge a row.
    """
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in str(item))
