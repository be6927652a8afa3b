"""DICOM files that come one by one, as parts of a form or from the network: one scan, stored as a tar of them.

The tar holds no file names: they may be patients'.
"""

import asyncio
import tarfile
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from gateway.errors import ObjectMissing
from screening.intake.file_signature import FIRST_BYTES
from screening.intake.inflate_stream import CHUNK_BYTES

_BLOCK: Final = tarfile.BLOCKSIZE


async def peek(chunks: AsyncIterator[bytes]) -> tuple[bytes, AsyncIterator[bytes]]:
    """The first bytes of a stream, enough for its signature, and the whole stream again."""
    held: list[bytes] = []
    async for chunk in chunks:
        held.append(chunk)
        if sum(map(len, held)) >= FIRST_BYTES:
            break

    async def whole() -> AsyncIterator[bytes]:
        for chunk in held:
            yield chunk
        async for chunk in chunks:
            yield chunk

    return b"".join(held)[:FIRST_BYTES], whole()


async def write_file(path: Path, chunks: AsyncIterator[bytes]) -> None:
    """Write a stream to a new file."""
    with path.open("xb") as file:
        async for chunk in chunks:
            file.write(chunk)


async def file_chunks(path: Path) -> AsyncIterator[bytes]:
    """The bytes of a file."""
    with path.open("rb") as file:
        while chunk := await asyncio.to_thread(file.read, CHUNK_BYTES):
            yield chunk


async def tar_chunks(files: Iterable[tuple[int, AsyncIterator[bytes]]]) -> AsyncIterator[bytes]:
    """One tar (ustar) of the files, (size, bytes) each, in their order; the same files give the same bytes.

    Raises ObjectMissing when a file has another size than it should have.
    """
    for number, (size, chunks) in enumerate(files, 1):
        entry = tarfile.TarInfo(f"{number:06}")
        entry.size = size
        yield entry.tobuf(tarfile.USTAR_FORMAT)
        received = 0
        async for chunk in chunks:
            received += len(chunk)
            yield chunk
        if received != size:
            raise ObjectMissing("a file of the study is shorter or longer than it was when it was received")
        yield bytes(-entry.size % _BLOCK)
    yield bytes(2 * _BLOCK)


def tar_offsets(sizes: Sequence[int]) -> Iterator[int]:
    """Where in that tar the bytes of each file begin."""
    offset = 0
    for size in sizes:
        offset += _BLOCK
        yield offset
        offset += size + -size % _BLOCK
