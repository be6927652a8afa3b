"""Where what is looked at is made: in decode workers, once for all who want it at the same time, and kept."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Concatenate, Final, ParamSpec, TypeVar

from gateway.errors import NotFound
from gateway.inference.engine import Deadline
from gateway.screening.decode_workers import DecodePool
from gateway.storage.blobs import Blobs
from gateway.viewing.scan_access import Opened
from gateway.viewing.series_cache import Shelf
from gateway.viewing.series_reading import Shown, Source
from gateway.viewing.single_flight import SingleFlight
from screening.budgets import Budgets
from screening.errors import StudyError

P = ParamSpec("P")
T = TypeVar("T")

PREFIX: Final = "turnstile-"


@dataclass(frozen=True)
class Kept:
    """Derived data that are in the store: their key and how many bytes they have."""

    key: str
    size: int


@dataclass(frozen=True)
class Workshop:
    """Runs the functions of `rendering`. Of the decode workers, viewers hold at most `at_once`: analyses need some."""

    blobs: Blobs
    decode: DecodePool
    budgets: Budgets
    scratch: Path | None
    deadline_s: float
    at_once: asyncio.Semaphore
    shelf: Shelf = field(default_factory=Shelf)
    readings: SingleFlight[Shown] = field(default_factory=SingleFlight)
    makings: SingleFlight[Kept] = field(default_factory=SingleFlight)

    async def shown(self, opened: Opened) -> Shown:
        """The series that is shown of a scan; raises the StudyError that the analysis raises, or NotFound."""
        key = _shelf_key(opened)
        return self.shelf.find(key) or await self.readings.run(key, lambda: self._read(opened))

    async def made(
        self, opened: Opened, function: Callable[Concatenate[Source, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """What a function makes of the scan's series."""
        async with self._source(opened) as source:
            return await self.run(function, source, *args, **kwargs)

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What a function makes of its arguments alone."""
        async with self.at_once:
            return await self.decode.run(Deadline.after(self.deadline_s), function, *args, **kwargs)

    async def kept(self, key: str, make: Callable[[Path], Awaitable[None]]) -> Kept:
        """The derived data of a key; `make` writes them into a file where they are not in the store yet."""
        size = await self.blobs.size_of_derived(key)
        return await self.makings.run(key, lambda: self._make(key, make)) if size is None else Kept(key, size)

    async def _make(self, key: str, make: Callable[[Path], Awaitable[None]]) -> Kept:
        with TemporaryDirectory(prefix=PREFIX, dir=self.scratch) as folder:
            target = Path(folder) / "made"
            await make(target)
            await self.blobs.put_derived_file(key, target)
            return Kept(key, target.stat().st_size)

    async def _read(self, opened: Opened) -> Shown:
        shown = await self.made(opened, Source.shown)
        if shown is None:
            raise NotFound("the scan has no such study")
        self.shelf.keep(_shelf_key(opened), shown)
        return shown

    @asynccontextmanager
    async def _source(self, opened: Opened) -> AsyncIterator[Source]:
        with TemporaryDirectory(prefix=PREFIX, dir=self.scratch) as folder:
            async with self.blobs.local_path(opened.sha256, Path(folder)) as path:
                known = self.shelf.find(_shelf_key(opened))
                try:
                    yield Source(
                        path=path,
                        scratch=Path(folder),
                        budgets=self.budgets,
                        study_uid=opened.study_uid,
                        may_be_another=not opened.by_name,
                        known=known.at(path) if known is not None and known.lasting else None,
                    )
                except StudyError:
                    await self.blobs.size(
                        opened.sha256
                    )  # deleted under the reader's hands, it is no bad study but gone
                    raise


def _shelf_key(opened: Opened) -> str:
    return f"{opened.sha256} {opened.study_uid} {opened.by_name}"
