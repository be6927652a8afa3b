"""Where a run's uploads come from: paths, or a bucket; both by the rules of `items`."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from gateway.mass_runs.discovery import items_of
from gateway.mass_runs.run import printable
from gateway.mass_runs.upload_stream import bytes_of

LONGEST_NAME = 255


@dataclass(frozen=True)
class Source:
    """One upload: its path or URL, by which a run knows it again, the name of its file, and a way to read it."""

    item: str = field(repr=False)
    file_name: str = field(repr=False)
    bytes: Callable[[], Awaitable[AsyncIterator[bytes]]] = field(repr=False)


@dataclass(frozen=True)
class Found:
    """Uploads in order, and what was passed over because it is none."""

    sources: tuple[Source, ...]
    passed_over: tuple[str, ...]


def in_paths(paths: Iterable[Path]) -> Found:
    """The uploads on this machine, each by the one path that it has from whatever folder it is named."""
    items = items_of(path.resolve() for path in paths)
    sources = (Source(printable(item), file_name_of(item), partial(bytes_of, item)) for item in items.uploads)
    return Found(tuple(sources), tuple(map(printable, items.passed_over)))


def file_name_of(item: Path) -> str:
    """The name of the file that comes of it; a folder becomes a zip."""
    name = printable(Path(item.name))[:LONGEST_NAME] or "upload"
    return f"{name[: LONGEST_NAME - 4]}.zip" if item.is_dir() else name
