"""Pulls studies into a folder, one folder a study, each under its Study Instance UID once it is whole."""

import asyncio
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from gateway.errors import StorageFull
from gateway.pacs.archives.errors import ArchiveError, FolderInUse, StudyNotFetched
from gateway.pacs.archives.fetching import Fetcher
from gateway.pacs.archives.query import FoundStudy

LOCK: Final = ".turnstile-pull.lock"
INCOMPLETE: Final = ".incomplete-"  # hidden: `turnstile screen` and `enqueue` pass it over

OnDone = Callable[[FoundStudy, ArchiveError | None], None]


@dataclass(frozen=True)
class Puller:
    """Writes into `folder`; a study whose folder is there is complete, and is not fetched again."""

    fetcher: Fetcher
    folder: Path

    @contextmanager
    def locked(self) -> Iterator[None]:
        """The folder is this puller's until the block ends; raises FolderInUse. Halves of a killed one are deleted."""
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(self.folder / LOCK, timeout=0):
                for half in self.folder.glob(f"{INCOMPLETE}*"):
                    shutil.rmtree(half)
                yield
        except Timeout:
            raise FolderInUse(
                "another pull writes into this folder now; wait for it, or choose another folder"
            ) from None

    def remaining(self, studies: Iterable[FoundStudy]) -> list[FoundStudy]:
        """The studies that are not there yet."""
        return [study for study in studies if not (self.folder / study.study_uid).exists()]

    async def pull(self, studies: Iterable[FoundStudy], on_done: OnDone) -> None:
        """Fetch the studies, as many at once as the archive allows, and call `on_done` after each.

        Raises ArchiveError when the archive cannot be reached, StorageFull when the disk is full.
        """
        remaining = iter(studies)

        async def pull_next() -> None:
            for study in remaining:
                on_done(study, await self._pull_one(study))

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self.fetcher.archive.at_once):
                    group.create_task(pull_next())
        except ExceptionGroup as several:  # the first one cancelled the other tasks
            raise several.exceptions[0] from several

    async def _pull_one(self, study: FoundStudy) -> ArchiveError | None:
        half = self.folder / f"{INCOMPLETE}{study.study_uid}"
        try:
            await self.fetcher.fetch(study, await self.fetcher.series(study), half)
            await asyncio.to_thread(_complete, half, self.folder / study.study_uid)
        except StudyNotFetched as error:
            return error
        except OSError as error:
            raise StorageFull(f"the folder cannot be written ({error.strerror})") from error
        finally:
            await asyncio.to_thread(shutil.rmtree, half, ignore_errors=True)
        return None


def _complete(half: Path, whole: Path) -> None:
    """Write everything to the disk, then give the folder its name: a power cut leaves no half study under it."""
    for path in (*half.rglob("*"), half):
        _sync(path)
    half.rename(whole)
    _sync(whole.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
