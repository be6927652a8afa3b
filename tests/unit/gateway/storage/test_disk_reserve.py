"""The disk reserve: uploads stop before the disk is full, and say so by a stable code."""

import errno
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from io import FileIO
from pathlib import Path

import pytest

from gateway.errors import StorageFull
from gateway.screening.decode_workers import _call
from gateway.storage.disk_reserve import DiskReserve
from screening.intake import free_space
from screening.intake.free_space import leaving_free, missing_bytes

MIB = 2**20


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 32 MiB in memory."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = shutil.which("mount")
    options = ("-t", "tmpfs", "-o", "size=32m", "tmpfs", str(folder))
    mounted = mount and subprocess.run([mount, *options], capture_output=True, check=False)
    if not mounted or mounted.returncode:
        pytest.skip("this user may not mount a file system")
    try:
        yield folder
    finally:
        subprocess.run([str(shutil.which("umount")), str(folder)], check=True)


async def pieces(count: int) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield bytes(MIB)


def test_the_reserve_is_a_twentieth_of_a_small_disk(small_disk: Path) -> None:
    reserve = DiskReserve({"data": small_disk}, reserve_bytes=2**30)
    reserve.check()
    (small_disk / "other").write_bytes(bytes(31 * MIB))
    assert reserve.low() == ("data",)
    with pytest.raises(StorageFull, match="data"):
        reserve.check()
    (small_disk / "other").unlink()
    reserve.check()


async def test_an_upload_is_refused_while_it_is_received_once_too_little_is_free(
    small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.storage.disk_reserve.CHECK_EVERY_BYTES", MIB)
    reserve = DiskReserve({"data": small_disk}, reserve_bytes=2**30)
    with (small_disk / "upload").open("wb", buffering=0) as file, pytest.raises(StorageFull):
        await _write(file, reserve.guarded(pieces(40)))
    assert missing_bytes(small_disk, 2**30) <= MIB  # the last check was at most that before


def test_what_is_unpacked_leaves_the_reserve(small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(free_space, "CHECK_EVERY_BYTES", MIB)
    with pytest.raises(OSError, match="No space") as full, (small_disk / "member").open("wb", buffering=0) as file:
        file.writelines(leaving_free(iter([bytes(MIB)] * 40), small_disk, 2**30))
    assert full.value.errno == errno.ENOSPC


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS])
def test_a_full_disk_in_a_decode_worker_is_no_fault_of_the_program(number: int) -> None:
    def write() -> None:
        raise OSError(number, "full")

    with pytest.raises(StorageFull):
        _call(write)


async def _write(file: FileIO, chunks: AsyncIterator[bytes]) -> None:
    async for chunk in chunks:
        file.write(chunk)
