"""The uploads below `s3://bucket/prefix`, each streamed: an object unchanged, a folder as a zip.

Only the first level is listed before the run. A folder is listed when it is uploaded.
"""

from collections.abc import AsyncIterator, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from gateway.mass_runs.discovery import HEAD_BYTES, is_one_study, kind_of, study_uid_of
from gateway.mass_runs.durable.sources import LONGEST_NAME, DiscoveredSources, Source
from gateway.mass_runs.upload_stream import ZipEntry, zip_stream
from gateway.storage.objects import Objects
from screening.errors import EmptyUpload

HEADER_BYTES: Final = 256 * 2**10  # the Study Instance UID comes long before the pixel data
KNOWN_BY_NAME: Final = (".zip", ".nii", ".nii.gz")  # their content is not read for discovery


async def sources_in_bucket(url: str, scratch: Path) -> DiscoveredSources:
    """The uploads there, by the rules for a folder on the disk: `gateway.mass_runs.discovery`."""
    bucket = _Bucket(url, scratch)
    folders, objects = await bucket.objects.list_top_level()
    kinds = {name: await bucket.kind(name) for name in objects if not _is_hidden(name)}
    if "dicom" in kinds.values() or (not any(kinds.values()) and await bucket.are_one_study(folders)):
        return DiscoveredSources((bucket.whole(),), ())
    sources = [bucket.folder(name) for name in folders if not _is_hidden(name)]
    sources += [bucket.single_object(name) for name, kind in kinds.items() if kind]
    passed_over = tuple(f"{bucket.url}/{name}" for name, kind in kinds.items() if not kind)
    return DiscoveredSources(tuple(sorted(sources, key=lambda source: source.item)), passed_over)


class _Bucket:
    def __init__(self, url: str, scratch: Path) -> None:
        self.url = url.rstrip("/")
        self.scratch = scratch
        self.objects = Objects(self.url)

    async def kind(self, name: str) -> str | None:
        return "by name" if name.lower().endswith(KNOWN_BY_NAME) else kind_of(name, await self._head(name, HEAD_BYTES))

    async def are_one_study(self, folders: Sequence[str]) -> bool:
        """Whether these are several folders, and the first DICOM objects of all have the same study."""
        return len(folders) > 1 and is_one_study([await self._study_uid(folder) for folder in folders])

    def single_object(self, name: str) -> Source:
        return Source(f"{self.url}/{name}", name[-LONGEST_NAME:], partial(self._object, name))

    def folder(self, name: str) -> Source:
        return Source(f"{self.url}/{name}", _zip_name(name), partial(self._zip, name))

    def whole(self) -> Source:
        return Source(self.url, _zip_name(self.url.rpartition("/")[2]), partial(self._zip, ""))

    async def _object(self, name: str) -> AsyncIterator[bytes]:
        size = await self.objects.size(name)
        if not size:
            raise EmptyUpload("The upload is empty.")
        return self.objects.read(name, 0, size)

    async def _zip(self, folder: str) -> AsyncIterator[bytes]:
        entries = sorted([one async for one in self.objects.list_under(folder)], key=lambda one: one.key)
        return zip_stream([ZipEntry(one.size, partial(self._chunks, one.key, one.size)) for one in entries])

    async def _chunks(self, key: str, size: int) -> AsyncIterator[bytes]:
        if size:
            async for chunk in self.objects.read(key, 0, size):
                yield chunk

    async def _head(self, key: str, length: int) -> bytes:
        length = min(length, await self.objects.size(key))
        return b"".join([chunk async for chunk in self._chunks(key, length)])

    async def _study_uid(self, folder: str) -> str | None:
        other: str | None = None
        async for one in self.objects.list_under(folder):
            head = await self._head(one.key, HEADER_BYTES)
            kind = kind_of(one.key, head[:HEAD_BYTES])
            if kind == "dicom":
                with TemporaryDirectory(dir=self.scratch) as scratch:
                    file = Path(scratch) / "head"
                    file.write_bytes(head)
                    return study_uid_of(file) or ""
            other = "" if kind else other
        return other


def _is_hidden(name: str) -> bool:
    return name.startswith(".")


def _zip_name(name: str) -> str:
    return f"{name[: LONGEST_NAME - 4] or 'upload'}.zip"
