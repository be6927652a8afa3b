"""The sources of a run's uploads: paths or a bucket, both by the rules of `gateway.mass_runs.discovery`."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from gateway.mass_runs.discovery import discover
from gateway.mass_runs.run import escaped_path
from gateway.mass_runs.upload_stream import upload_chunks

LONGEST_NAME = 255


@dataclass(frozen=True)
class Source:
    """One upload: its path or URL, which identifies it in the run, its file name, and a function that reads it."""

    item: str = field(repr=False)
    file_name: str = field(repr=False)
    bytes: Callable[[], Awaitable[AsyncIterator[bytes]]] = field(repr=False)


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
