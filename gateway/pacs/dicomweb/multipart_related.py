"""A multipart/related body (RFC 2387; PS3.18 8.6.1.2.1), written part by part."""

import secrets
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from typing import Self

from gateway.pacs.dicomweb.retrieval import Part


@dataclass(frozen=True)
class MultipartBody:
    """The parts between boundaries of 128 random bits, which no part can hold."""

    media_type: str
    chunks: AsyncIterator[bytes] = field(repr=False)

    @classmethod
    def of(cls, parts: Iterable[Part], part_type: str) -> Self:
        """The body of these parts; `part_type` is the media type of the first one, the root."""
        boundary = secrets.token_hex(16)
        return cls(f'multipart/related; type="{part_type}"; boundary={boundary}', _body(parts, boundary))


async def _body(parts: Iterable[Part], boundary: str) -> AsyncIterator[bytes]:
    for part in parts:
        begun = False
        async for chunk in part.chunks:
            if not begun:  # after the first bytes: an error before them is still an answer of its own
                yield f"--{boundary}\r\nContent-Type: {part.media_type}\r\n\r\n".encode()
                begun = True
            yield chunk
        yield b"\r\n"
    yield f"--{boundary}--\r\n".encode()
