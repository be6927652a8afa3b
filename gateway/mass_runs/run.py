"""A mass run: thousands of uploads, several at once, each recorded in the journal when it ends."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from gateway.mass_runs.journal import Journal, JournalEntry


class Screening(Protocol):
    """Screens uploads: in this process, or through a remote gateway."""

    async def reports(self, item: Path) -> Sequence[Mapping[str, Any]]:
        """The full report of each study of the upload, as JSON. A study that fails has a report with its error.

        An exception stops the run.
        """


async def screen_all(
    screening: Screening, items: Iterable[Path], journal: Journal, at_once: int, on_done: Callable[[JournalEntry], None]
) -> None:
    """Screen the uploads, `at_once` at a time. A study that fails becomes a failed row, and the run goes on.

    Raises the error that stops the run; the journal keeps the uploads that have ended.
    """
    remaining = iter(items)

    async def screen_next() -> None:
        for item in remaining:
            on_done(journal.append(str(item), await screening.reports(item)))

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(at_once):
                group.create_task(screen_next())
    except ExceptionGroup as several:  # the first one cancelled the other tasks
        raise several.exceptions[0] from several


def escaped_path(item: Path) -> str:
    """The path for a table: invalid UTF-8, line ends and bidirectional control characters are escaped.

    A file name may contain any byte; a carriage return in it could forge a row.
    """
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in str(item))
