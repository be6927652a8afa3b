"""The render cache: slices, volumes and maps are rendered in decode workers, once for equal requests, and stored."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Concatenate, ParamSpec, TypeVar

from gateway.errors import NotFound
from gateway.inference.engine import Deadline
from gateway.screening.costly_failures import CostlyFailures
from gateway.screening.decode_workers import DecodePool
from gateway.storage.blobs import Blobs
from gateway.viewing.scan_access import OpenedScan
from gateway.viewing.series_cache import SeriesCache
from gateway.viewing.series_reading import DisplayedSeries, SeriesSource
from gateway.viewing.single_flight import SingleFlight
from screening.intake.budgets import Budgets

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class StoredRendering:
    """A rendering in the blob store: its key and its size in bytes."""

    key: str
    size: int


@dataclass(frozen=True)
class RenderCache:
    """Runs the functions of `rendering` in decode workers, in turns with other principals and with the analyses."""

    blobs: Blobs
    decode: DecodePool
    budgets: Budgets
    scratch: Path
    deadline_s: float
    series_cache: SeriesCache = field(default_factory=SeriesCache)
    reads: SingleFlight[DisplayedSeries] = field(default_factory=SingleFlight)
    renderings: SingleFlight[StoredRendering] = field(default_factory=SingleFlight)

    async def displayed_series(self, opened: OpenedScan) -> DisplayedSeries:
        """The displayed series of a scan; raises the StudyError that its analysis raises, or NotFound."""
        key = _cache_key(opened)
        return self.series_cache.get(key) or await self.reads.run(key, lambda: self._read(opened))

    async def render(
        self,
        opened: OpenedScan,
        operation: str,
        function: Callable[Concatenate[SeriesSource, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Call a function on the scan's series in a decode worker, unless it lately took long and failed."""

        async def work() -> T:
            async with self._source(opened) as source:
                return await self.run(opened, function, source, *args, **kwargs)

        operation, limits = f"{operation}-{opened.study_uid}", (self.decode.limits, self.budgets)
        return await CostlyFailures(self.blobs).run(opened.sha256, operation, limits, work)

    async def run(self, opened: OpenedScan, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a function in a decode worker, for the principal who opened the scan."""
        decode = self.decode.shared_by(opened.party, is_view=True)
        return await decode.run(Deadline.after(self.deadline_s), function, *args, **kwargs)

    async def get_or_render(self, key: str, write: Callable[[Path], Awaitable[None]]) -> StoredRendering:
        """The stored rendering under `key`; when there is none, `write` writes it into a file, which is stored."""
        size = await self.blobs.size_of_derived(key)
        if size is not None:
            return StoredRendering(key, size)
        return await self.renderings.run(key, lambda: self._render_and_store(key, write))

    async def _render_and_store(self, key: str, write: Callable[[Path], Awaitable[None]]) -> StoredRendering:
        with TemporaryDirectory(dir=self.scratch) as folder:
            target = Path(folder) / "rendering"
            await write(target)
            await self.blobs.put_derived_file(key, target)
            return StoredRendering(key, target.stat().st_size)

    async def _read(self, opened: OpenedScan) -> DisplayedSeries:
        series = await self.render(opened, "series", SeriesSource.series)
        if series is None:
            raise NotFound("the scan has no such study")
        self.series_cache.put(_cache_key(opened), series)
        return series

    @asynccontextmanager
    async def _source(self, opened: OpenedScan) -> AsyncIterator[SeriesSource]:
        with TemporaryDirectory(dir=self.scratch) as folder:
            async with self.blobs.local_path(opened.sha256, Path(folder)) as path:
                cached = self.series_cache.get(_cache_key(opened))
                yield SeriesSource(
                    path=path,
                    scratch=Path(folder),
                    budgets=self.budgets,
                    study_uid=opened.study_uid,
                    allow_other_study=not opened.by_study_uid,
                    cached=cached.at_path(path) if cached is not None and cached.is_in_upload else None,
                )


def _cache_key(opened: OpenedScan) -> str:
    return f"{opened.sha256} {opened.study_uid} {opened.by_study_uid}"
