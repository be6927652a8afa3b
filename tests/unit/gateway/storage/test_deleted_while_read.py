"""Blobs that are deleted while they are read: all bytes, ObjectMissing or None, never another error."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import uuid4

import pytest

from gateway.errors import ObjectMissing
from gateway.storage.blobs import Blobs, blob_key
from gateway.storage.object_copy import copy, hash_of
from gateway.storage.objects import Objects

CONTENT: Final = bytes(range(256)) * 12_000  # 3 MB: several blocks
ROUNDS: Final = 40


async def pieces(content: bytes) -> AsyncIterator[bytes]:
    yield content


async def whole(chunks: AsyncIterator[bytes]) -> bytes:
    return b"".join([chunk async for chunk in chunks])


async def later(pause_s: float, call: Callable[[], Awaitable[bytes | None]]) -> bytes | None:
    await asyncio.sleep(pause_s)
    try:
        return await call()
    except ObjectMissing:
        return None


@pytest.mark.parametrize("seed", range(ROUNDS))
async def test_a_read_has_all_bytes_or_none(tmp_path: Path, seed: int) -> None:
    blobs, source, target = Blobs(tmp_path / "blobs"), Objects(tmp_path / "blobs"), Objects(tmp_path / "backup")
    stored = await blobs.store(pieces(CONTENT + seed.to_bytes(2)))
    expected, derived = CONTENT + seed.to_bytes(2), f"{stored.sha256}/v1/volume.nii.gz"
    await blobs.put_derived(derived, expected)
    key = blob_key(stored.sha256)

    async def from_path() -> bytes:
        async with blobs.local_path(stored.sha256, tmp_path) as path:
            await asyncio.sleep(0)
            return await asyncio.to_thread(path.read_bytes)

    async def copied() -> bytes | None:
        made = await copy(key, source, target, stored.sha256)
        return expected if made == stored else None

    async def hashed() -> bytes | None:
        found = await hash_of(key, source)
        return None if found is None else expected if found == stored else b"another hash"

    async def listed() -> None:
        future = datetime.now(UTC) + timedelta(days=1)
        assert {name async for name in blobs.written_before(future)} <= {stored.sha256}
        assert {name async for name in blobs.derived_before(future)} <= {stored.sha256}
        await blobs.delete_derived(f"analyses/{uuid4()}")

    async def deleted() -> None:
        await blobs.delete(stored.sha256)

    reads: tuple[Callable[[], Awaitable[bytes | None]], ...] = (
        lambda: whole(blobs.read(stored.sha256)),
        lambda: whole(blobs.read_derived(derived, len(expected))),
        lambda: blobs.get_derived(derived),
        from_path,
        copied,
        hashed,
        listed,
        deleted,
        deleted,
    )
    moment = random.Random(seed)
    answers = await asyncio.gather(*(later(moment.uniform(0, 0.01), read) for read in reads))
    assert set(answers) <= {expected, None}
    assert await later(0, lambda: whole(blobs.read(stored.sha256))) is None
