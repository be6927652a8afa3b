"""The lease of an archive: one writer at a time, and a killed one is followed by the next."""

import asyncio
import contextlib
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.backups.errors import BackupInUse
from gateway.backups.lease import KEY, ArchiveLease
from gateway.storage.objects import Objects
from tests.integration.polling import until

HEARTBEAT_S, STALE_AFTER_S = 0.2, 2.0
HOLD = """
import asyncio, sys
from gateway.backups.lease import ArchiveLease
from gateway.storage.objects import Objects

async def hold():
    async with ArchiveLease(Objects(sys.argv[1]), heartbeat_s=0.2).held():
        await asyncio.sleep(600)

asyncio.run(hold())
"""


@pytest.fixture
def lease(tmp_path: Path) -> Callable[[], ArchiveLease]:
    return lambda: ArchiveLease(Objects(tmp_path), HEARTBEAT_S, STALE_AFTER_S, settle_s=0.5)


async def test_the_lease_of_a_killed_backup_is_taken_over(lease: Callable[[], ArchiveLease], tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)]) as process:  # noqa: ASYNC220  it starts at once
        until(lambda: b" 2" in _content(tmp_path))
        with pytest.raises(BackupInUse, match="writes there now"):
            await _hold(lease())
        process.send_signal(signal.SIGKILL)
    await _hold(lease())
    assert not (tmp_path / KEY).exists()


async def test_of_several_that_find_a_dead_lease_one_takes_it_over(
    lease: Callable[[], ArchiveLease], tmp_path: Path
) -> None:
    await Objects(tmp_path).put(KEY, b"dead 7")
    held, ended = [], asyncio.Event()

    async def hold(one: ArchiveLease) -> None:
        async with one.held():
            held.append(one.holder)
            await ended.wait()

    tasks = [asyncio.create_task(hold(lease())) for _ in range(5)]
    async with asyncio.timeout(60):
        while sum(task.done() for task in tasks) < 4:  # noqa: ASYNC110  until all but one have given up
            await asyncio.sleep(0.05)
    ended.set()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["BackupInUse"] * 4 + ["NoneType"]
    assert len(held) == 1


async def test_a_writer_that_stood_still_learns_that_it_was_replaced(
    lease: Callable[[], ArchiveLease], tmp_path: Path
) -> None:
    with contextlib.suppress(BackupInUse):
        async with lease().held() as own:
            await own.check()
            await Objects(tmp_path).put(KEY, b"another 1")
            with pytest.raises(BackupInUse, match="took over"):
                await own.check()
    assert _content(tmp_path) == b"another 1"  # the other one's lease is left alone


async def test_a_lease_that_has_ended_is_free(lease: Callable[[], ArchiveLease]) -> None:
    await _hold(lease())
    await _hold(lease())


async def _hold(lease: ArchiveLease) -> None:
    async with lease.held():
        pass


def _content(folder: Path) -> bytes:
    with contextlib.suppress(FileNotFoundError):
        return (folder / KEY).read_bytes()
    return b""
