"""Blobs in a real folder: stored whole or not at all."""

import asyncio
import hashlib
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from gateway.errors import ObjectMissing, StorageUnavailable
from gateway.storage.blobs import Blobs
from gateway.storage.hashing_stream import BLOCK_BYTES, StoredBlob


class Cut(Exception):
    """The client has disconnected."""


CONTENT = bytes(range(256)) * 40_000  # 10 MB: more than a block and more than a part
ABSENT = "0" * 64


async def pieces(content: bytes, size: int = 100_000) -> AsyncIterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


async def cut(content: bytes) -> AsyncIterator[bytes]:
    async for piece in pieces(content):
        yield piece
    raise Cut


async def bytes_of(blobs: Blobs, sha256: str, start: int = 0, end: int | None = None) -> bytes:
    return b"".join([block async for block in blobs.read(sha256, start, end)])


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs(tmp_path / "store")


async def test_the_key_of_a_blob_is_its_hash(blobs: Blobs, tmp_path: Path) -> None:
    blob = await blobs.store(pieces(CONTENT))
    assert (blob.sha256, blob.size) == (hashlib.sha256(CONTENT).hexdigest(), len(CONTENT))
    (file,) = files(tmp_path)
    assert file == tmp_path / "store" / "blobs" / blob.sha256[:2] / blob.sha256[2:4] / blob.sha256
    assert file.read_bytes() == CONTENT
    assert await bytes_of(blobs, blob.sha256) == CONTENT


@pytest_asyncio.fixture
async def stored(blobs: Blobs) -> StoredBlob:
    return await blobs.store(pieces(CONTENT))


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(start=st.integers(0, len(CONTENT)), length=st.integers(0, 2 * BLOCK_BYTES))
async def test_any_range_is_that_of_the_bytes(blobs: Blobs, stored: StoredBlob, start: int, length: int) -> None:
    end = min(start + length, len(CONTENT))
    assert await bytes_of(blobs, stored.sha256, start, end) == CONTENT[start:end]


async def test_an_empty_blob(blobs: Blobs) -> None:
    blob = await blobs.store(pieces(b""))
    assert (blob.size, await bytes_of(blobs, blob.sha256)) == (0, b"")


async def test_the_same_bytes_twice_are_one_file(blobs: Blobs, tmp_path: Path) -> None:
    first, second = await asyncio.gather(blobs.store(pieces(CONTENT)), blobs.store(pieces(CONTENT, 7777)))
    assert first == second
    assert len(files(tmp_path)) == 1


async def test_nothing_is_left_of_an_upload_that_is_cut_off(blobs: Blobs, tmp_path: Path) -> None:
    with pytest.raises(Cut):
        await blobs.store(cut(CONTENT))
    assert not files(tmp_path)


async def test_nothing_is_left_of_an_upload_that_is_not_committed(blobs: Blobs, tmp_path: Path) -> None:
    async with blobs.receive(pieces(CONTENT)) as incoming:
        assert incoming.blob.sha256 == hashlib.sha256(CONTENT).hexdigest()
    assert not files(tmp_path)


async def test_a_missing_blob_raises_object_missing(blobs: Blobs, tmp_path: Path) -> None:
    with pytest.raises(ObjectMissing):
        await bytes_of(blobs, ABSENT)
    with pytest.raises(ObjectMissing):
        async with blobs.local_path(ABSENT, tmp_path):
            pass
    await blobs.delete(ABSENT)


async def test_a_folder_gives_the_blob_itself(blobs: Blobs, tmp_path: Path) -> None:
    blob = await blobs.store(pieces(CONTENT))
    async with blobs.local_path(blob.sha256, tmp_path) as path:
        assert path.stat().st_ino == files(tmp_path)[0].stat().st_ino


async def test_derived_data_are_deleted_with_their_blob(blobs: Blobs, tmp_path: Path) -> None:
    blob = await blobs.store(pieces(CONTENT))
    await blobs.put_derived(f"{blob.sha256}/thumbnail.png", b"png")
    await blobs.put_derived("analyses/1/evidence.npz", b"npz")
    assert await blobs.get_derived(f"{blob.sha256}/thumbnail.png") == b"png"
    assert await blobs.get_derived(f"{blob.sha256}/other.png") is None
    await blobs.delete(blob.sha256)
    assert [file.name for file in files(tmp_path)] == ["evidence.npz"]


async def test_derived_data_are_deleted_by_their_key_or_by_what_is_above_it(blobs: Blobs, tmp_path: Path) -> None:
    for key in ("analyses/1/1/evidence.npz", "analyses/1/1/heat.nii.gz", "analyses/10/1/evidence.npz"):
        await blobs.put_derived(key, b"x")
    await blobs.delete_derived("analyses/1/1/evidence.npz")
    assert [file.name for file in files(tmp_path / "store/derived/analyses/1")] == ["heat.nii.gz"]
    await blobs.delete_derived("analyses/1")
    await blobs.delete_derived("analyses/1")
    assert [file.parent.parent.name for file in files(tmp_path)] == ["10"]


async def test_a_derived_file_is_streamed_both_ways(blobs: Blobs, tmp_path: Path) -> None:
    (tmp_path / "made").write_bytes(CONTENT)
    assert await blobs.size_of_derived("a/b") is None
    await blobs.put_derived_file("a/b", tmp_path / "made")
    size = await blobs.size_of_derived("a/b")
    assert size == len(CONTENT)
    assert b"".join([block async for block in blobs.read_derived("a/b", size)]) == CONTENT


async def test_only_old_blobs_are_listed_for_the_sweep(blobs: Blobs) -> None:
    blob = await blobs.store(pieces(CONTENT))
    await blobs.put_derived(f"{blob.sha256}/series.json", b"{}")
    await blobs.put_derived("analyses/7/evidence.npz", b"npz")
    now = datetime.now(UTC)
    for moment, expected in ((now - timedelta(hours=1), []), (now + timedelta(hours=1), [blob.sha256])):
        assert [one async for one in blobs.written_before(moment)] == expected
    later = now + timedelta(hours=1)
    assert sorted([one async for one in blobs.derived_before(later)]) == sorted(["analyses", blob.sha256])
    assert [one async for one in blobs.derived_before(later, "analyses")] == ["7"]


async def test_unfinished_uploads_of_killed_processes_are_deleted_once_old(tmp_path: Path) -> None:
    script = (
        "import asyncio, os, sys\n"
        "from gateway.storage.blobs import Blobs\n"
        "async def chunks():\n"
        "    for _ in range(5): yield bytes(2**22)\n"
        "    await asyncio.sleep(0.2); os.kill(os.getpid(), 9); yield b''\n"
        "asyncio.run(Blobs(sys.argv[1]).store(chunks()))"
    )
    killed = await asyncio.create_subprocess_exec(sys.executable, "-c", script, str(tmp_path))
    await killed.wait()
    assert len(files(tmp_path)) == 1
    blobs = Blobs(tmp_path)
    await blobs.delete_unfinished(datetime.now(UTC) - timedelta(hours=1))
    assert len(files(tmp_path)) == 1
    await blobs.delete_unfinished(datetime.now(UTC) + timedelta(seconds=1))
    assert not files(tmp_path)


def test_a_full_disk_is_storage_full_and_leaves_nothing(tmp_path: Path) -> None:
    """A real process that may write no more than 6 MB: the kernel refuses the bytes beyond (EFBIG)."""
    script = (
        "import asyncio, resource, signal, sys\n"
        "from gateway.errors import StorageFull\n"
        "from gateway.storage.blobs import Blobs\n"
        "async def chunks():\n"
        "    for _ in range(5): yield bytes(2**22)\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (6_000_000, 6_000_000))\n"
        "try: asyncio.run(Blobs(sys.argv[1]).store(chunks()))\n"
        "except StorageFull as error: print(error.detail)\n"
    )
    output = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], check=True, capture_output=True, text=True
    ).stdout
    assert "storage is full" in output
    assert str(tmp_path) not in output
    assert not files(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
async def test_a_folder_without_write_permission_is_storage_unavailable(blobs: Blobs, tmp_path: Path) -> None:
    (tmp_path / "store").chmod(0o500)
    with pytest.raises(StorageUnavailable):
        await blobs.store(pieces(CONTENT))


@pytest.mark.parametrize(("deleted", "raised"), [(True, ObjectMissing), (False, Cut)])
async def test_a_blob_that_is_deleted_while_it_is_read_is_missing(
    tmp_path: Path, deleted: bool, raised: type[Exception]
) -> None:
    blobs = Blobs(tmp_path / "blobs")
    stored = await blobs.store(pieces(b"a study"))

    async def read() -> None:
        async with blobs.local_path(stored.sha256, tmp_path):
            if deleted:
                await blobs.delete(stored.sha256)
            raise Cut

    with pytest.raises(raised):
        await read()
