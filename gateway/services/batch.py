"""A mass run: thousands of uploads, several at once, each in the journal when it ends."""

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog

from gateway.services.analysis import Analysis, Upload
from gateway.services.journal import Entry, Journal
from screening.errors import EngineFault, StudyError
from screening.report import Report

log = structlog.get_logger(__name__)

PAUSES_S = (2.0, 8.0, 20.0)  # a Triton that died is back within these


async def screen_all(
    analysis: Analysis, items: Iterable[Path], journal: Journal, at_once: int, on_done: Callable[[Entry], None]
) -> None:
    """Screen what the items hold; a study that fails is a failed row and the run goes on."""
    waiting = iter(items)

    async def screen_next() -> None:
        for item in waiting:
            on_done(journal.append(str(item), await _screened(analysis, item)))

    async with asyncio.TaskGroup() as group:
        for _ in range(at_once):
            group.create_task(screen_next())


async def _screened(analysis: Analysis, item: Path) -> tuple[Report, ...]:
    """The reports of one upload; asked again, after a pause, while the reason is the engine's and may pass."""
    for pause_s in PAUSES_S:
        reports = await _once(analysis, item)
        if not any(report.error is not None and report.error.transient for report in reports):
            return reports
        await asyncio.sleep(pause_s)
    return await _once(analysis, item)


async def _once(analysis: Analysis, item: Path) -> tuple[Report, ...]:
    name = printable(item)
    with TemporaryDirectory(prefix="turnstile-") as scratch:
        try:
            return await analysis.reports(Upload(item, name, Path(scratch)))
        except StudyError as refused:
            return (Report.failed(name, refused, 0.0),)
        except Exception:
            log.exception("a fault of the program")
            return (Report.failed(name, EngineFault("the program failed on this study; see its log"), 0.0),)


def printable(item: Path) -> str:
    """The path as a table can hold it: broken UTF-8, line ends and marks that turn text around are escaped.

    A file's name may hold any byte; a carriage return in it would forge a row.
    """
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in str(item))
