"""An upload as a stream of bytes: a file unchanged, a folder as a zip that is made while it is sent.

One block is in memory and nothing on the disk. Files are stored, not deflated: zlib's fastest level takes 1.3 s of one
core for the 32 MB of a real study and saves 38 % (1 % of a study in JPEG), which takes 0.1 s at 1 Gbit/s. Zip entries
are numbered and have no dates: the same files give the same bytes, and file names, which may name patients, are not
sent.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass, field
from io import RawIOBase
from pathlib import Path
from typing import Any, Final
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from screening.errors import BrokenArchive, EmptyUpload
from screening.intake.upload import folder_members
from screening.intake.upload_members import Member

BLOCK: Final = 2**20


@dataclass(frozen=True)
class ZipEntry:
    """One file of a folder: its size, and a function that reads its bytes."""

    size: int
    chunks: Callable[[], AsyncIterator[bytes]] = field(repr=False)


async def upload_chunks(path: Path) -> AsyncIterator[bytes]:
    """The bytes of the upload at `path`; raises EmptyUpload, UnsafeMember or BrokenArchive."""
    if await asyncio.to_thread(path.is_dir):
        members = await asyncio.to_thread(lambda: list(folder_members(path)))
        return zip_stream(ZipEntry(member.size, _reader(member)) for member in members)
    return _reader(await asyncio.to_thread(_single_file, path))()


async def zip_stream(entries: Iterable[ZipEntry]) -> AsyncIterator[bytes]:
    """One zip of these files, in their order."""
    buffer = _ZipBuffer()
    with ZipFile(buffer, "w", ZIP_STORED) as archive:
        for number, source in enumerate(entries, 1):
            entry = ZipInfo(f"{number:06}")
            entry.file_size = source.size  # a file of 2 GiB or more needs a ZIP64 entry
            with archive.open(entry, "w") as target:
                async for chunk in source.chunks():
                    target.write(chunk)
                    yield buffer.drain()
    yield buffer.drain()


class _ZipBuffer(RawIOBase):
    """The bytes that ZipFile has written since the last `drain`. It cannot seek: sizes follow their files."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces: list[bytes] = []

    def write(self, data: Any, /) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def drain(self) -> bytes:
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


def _single_file(path: Path) -> Member:
    try:
        member = Member("file 1", path, path.stat().st_size)
    except OSError:  # the message of the error contains the path
        raise BrokenArchive("A file of the upload cannot be opened.") from None
    if not member.size:
        raise EmptyUpload("The upload is empty.")
    return member


def _reader(member: Member) -> Callable[[], AsyncIterator[bytes]]:
    async def chunks() -> AsyncIterator[bytes]:
        pieces = member.chunks()
        while block := await asyncio.to_thread(_block, pieces):
            yield block

    return chunks


def _block(pieces: Iterator[bytes]) -> bytes:
    """The next pieces, joined to a block of at least `BLOCK` bytes; empty at the end."""
    block = bytearray()
    for piece in pieces:
        block += piece
        if len(block) >= BLOCK:
            break
    return bytes(block)
