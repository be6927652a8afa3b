"""Scratch folder: files of uploads while they are processed, which contain patients' data.

Each process has a folder of its own below the folder of the settings. What a killed process left, there and in shared
memory, is deleted when the next process starts, and every `SWEEP_INTERVAL_S` seconds while one runs.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager, suppress
from pathlib import Path
from tempfile import gettempdir
from typing import Final

import structlog

from engines.owned_folder import delete_abandoned, owned_folder
from engines.shared_memory import delete_abandoned_segments
from gateway.errors import StorageUnavailable

log = structlog.get_logger(__name__)

PREFIX: Final = "turnstile-scratch-"
SWEEP_INTERVAL_S: Final = 600.0
WRITABLE: Final = "Set it to a folder in which this user may write."


@asynccontextmanager
async def open_scratch(configured: Path | None, sweep_interval_s: float = SWEEP_INTERVAL_S) -> AsyncIterator[Path]:
    """An empty folder of this process until the block ends, below `configured`; raises StorageUnavailable.

    The default is the system's temporary folder.
    """
    parent = configured or Path(gettempdir())
    with ExitStack() as stack:
        try:
            folder = stack.enter_context(owned_folder(parent, PREFIX))
        except OSError as error:
            raise StorageUnavailable(f"TURNSTILE_SCRATCH_FOLDER: {error.strerror}. {WRITABLE}") from error
        await asyncio.to_thread(_sweep, parent)
        sweep = asyncio.create_task(_sweep_periodically(parent, sweep_interval_s), name="scratch sweep")
        try:
            yield folder
        finally:
            sweep.cancel()
            with suppress(asyncio.CancelledError):
                await sweep


async def _sweep_periodically(parent: Path, interval_s: float) -> None:
    while True:
        await asyncio.sleep(interval_s)
        await asyncio.to_thread(_sweep, parent)


def _sweep(parent: Path) -> None:
    folders, segments = delete_abandoned(parent, PREFIX), delete_abandoned_segments()
    if folders or segments:
        log.info("what killed processes left was deleted", scratch_folders=folders, shared_memory=segments)
