"""DICOM files that come as parts of their own in one form: one scan, stored as a tar of them.

Clients send a study slice by slice (one part `file` for each). The tar holds no file names: they may be patients'.
"""

import asyncio
import tarfile
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Final

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


async def tar_chunks(files: Sequence[Path]) -> AsyncIterator[bytes]:
    """One tar (ustar) of the files in their order; the same files give the same bytes."""
    for number, path in enumerate(files, 1):
        entry = tarfile.TarInfo(f"{number:06}")
        entry.size = path.stat().st_size
        yield entry.tobuf(tarfile.USTAR_FORMAT)
        async for chunk in file_chunks(path):
            yield chunk
        yield bytes(-entry.size % _BLOCK)
    yield bytes(2 * _BLOCK)
