"""The sources of a run's uploads: paths or a bucket, both by the rules of `gateway.mass_runs.discovery`."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol
from uuid import UUID

from gateway.database.connection import AsyncSession
from gateway.database.tables import ScanRow
from gateway.errors import GatewayError
from gateway.mass_runs.discovery import discover
from gateway.mass_runs.run import escaped_path
from gateway.mass_runs.upload_stream import upload_chunks

LONGEST_NAME = 255


class SourceFailed(GatewayError):
    """A source cannot be read as a whole; it is recorded as failed, and the run goes on."""

    code, status = "source_failed", 502


class Origin(Protocol):
    """What a source knows of its study once its bytes were read."""

    @property
    def urgent(self) -> bool:
        """Whether it is analysed before all that is not urgent."""
        ...

    @property
    def analysed(self) -> bool:
        """Whether it is analysed at all; else the scan is only kept."""
        ...

    async def patient_id(self, session: AsyncSession) -> UUID | None:
        """The patient of the scan; None for the run's. A new one is inserted in the caller's transaction."""
        ...

    async def record(self, session: AsyncSession, scan: ScanRow) -> None:
        """Record where the scan came from, in the transaction that inserts it."""
        ...


@dataclass(frozen=True)
class Source:
    """One upload: its path or URL, which identifies it in the run, its file name, and a function that reads it.

    Raises SourceFailed, StudyError or ObjectMissing when it is read.
    """

    item: str = field(repr=False)
    file_name: str = field(repr=False)
    bytes: Callable[[], Awaitable[AsyncIterator[bytes]]] = field(repr=False)
    origin: Origin | None = None


@dataclass(frozen=True)
class DiscoveredSources:
    """The uploads in order, and what is no upload."""

    sources: tuple[Source, ...]
    passed_over: tuple[str, ...]


def sources_in_paths(paths: Iterable[Path]) -> DiscoveredSources:
    """The uploads on this machine, by absolute path."""
    discovered = discover(path.resolve() for path in paths)
    sources = tuple(_source(path) for path in discovered.uploads)
    return DiscoveredSources(sources, tuple(map(escaped_path, discovered.passed_over)))


def file_name_of(item: Path) -> str:
    """The file name of the upload; a folder becomes a zip."""
    name = escaped_path(Path(item.name))[:LONGEST_NAME] or "upload"
    return f"{name[: LONGEST_NAME - 4]}.zip" if item.is_dir() else name


def _source(path: Path) -> Source:
    return Source(escaped_path(path), file_name_of(path), partial(upload_chunks, path))
