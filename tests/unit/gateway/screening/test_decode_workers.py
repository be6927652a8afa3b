"""A worker that hangs, takes too much memory or crashes fails its own study only."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import time_machine

from gateway.inference.engine import Deadline
from gateway.screening.decode_workers import DecodePool, FileDeleted, WorkerFault
from screening.errors import BrokenPixels, DecodeMemory, DecodeTimeout, EngineDeadline, NoLung, StudyError
from tests.integration.polling import until_soon

MIB = 2**20
lost_workers: Counter[str] = Counter()


@pytest.fixture(scope="module")
def pool() -> Iterator[DecodePool]:
    pool = DecodePool(2, 3.0, 256 * MIB, lambda cause: lost_workers.update([cause]))
    yield pool
    pool.close()


def soon() -> Deadline:
    return Deadline.after(30)


def echo(value: object) -> object:
    return value


def hang() -> None:
    while True:
        time.sleep(0.1)


def eat_memory() -> int:
    return sum(np.ones(64 * MIB, np.uint8).size for _ in [np.ones(MIB, np.float64) for _ in range(2**10)])


def kill_itself(number: int) -> None:
    os.kill(os.getpid(), number)


def find_no_lung() -> None:
    raise NoLung("no lung was found", "2.25.7")


def raise_with_patient_name() -> None:
    raise ValueError("PatientName is Ivanov^Ivan")


async def test_values_and_arrays_come_back(pool: DecodePool) -> None:
    views = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    back = await pool.run(soon(), echo, views)
    assert isinstance(back, np.ndarray)
    assert np.array_equal(back, views)


async def test_a_study_error_passes_the_process_border_unchanged(pool: DecodePool) -> None:
    with pytest.raises(NoLung) as caught:
        await pool.run(soon(), find_no_lung)
    assert (caught.value.detail, caught.value.study_uid) == ("no lung was found", "2.25.7")


@pytest.mark.parametrize(
    ("function", "arguments", "kind"),
    [
        (hang, (), DecodeTimeout),
        (eat_memory, (), DecodeMemory),
        (kill_itself, (signal.SIGKILL,), DecodeMemory),
        (kill_itself, (signal.SIGABRT,), BrokenPixels),
        (kill_itself, (signal.SIGSEGV,), BrokenPixels),
    ],
)
async def test_a_lost_worker_is_one_error_and_the_other_worker_lives(
    pool: DecodePool, function: Callable[..., object], arguments: tuple[object, ...], kind: type[StudyError]
) -> None:
    lost = asyncio.create_task(pool.run(soon(), function, *arguments))
    assert await pool.run(soon(), echo, "neighbour") == "neighbour"
    with pytest.raises(kind):
        await lost
    assert await pool.run(soon(), echo, "after") == "after"


async def test_lost_workers_are_counted_by_cause(pool: DecodePool) -> None:
    before = lost_workers["crash"]
    with pytest.raises(DecodeMemory):
        await pool.run(soon(), kill_itself, signal.SIGKILL)
    assert lost_workers["crash"] == before + 1


def hang_once(marker: Path) -> str:
    if marker.exists():
        return "read"
    marker.touch()
    time.sleep(60)
    return "hung"


async def test_a_clock_that_is_put_forward_fails_no_study(pool: DecodePool, tmp_path: Path) -> None:
    marker = tmp_path / "started"
    reading = asyncio.create_task(pool.run(soon(), hang_once, marker))
    await until_soon(marker.exists)
    with time_machine.travel(timedelta(hours=1), tick=True):
        assert await reading == "read"


def fail() -> None:
    raise OSError("no descriptor is left")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")  # it is what the test is about
async def test_a_pool_whose_own_thread_failed_is_replaced(
    pool: DecodePool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Pebble's threads end with any error that they did not expect, and the pool refuses every task from then on.

    What ran in it is run again; the event loop does not wait until the old workers are killed.
    """
    before = lost_workers["pool"]
    marker, old_workers_are_killed = tmp_path / "started", threading.Event()
    running = asyncio.create_task(pool.run(soon(), hang_once, marker))
    await until_soon(marker.exists)
    failed, join = pool._pool, pool._pool.join
    monkeypatch.setattr(failed, "join", lambda: old_workers_are_killed.wait(30) and join())
    monkeypatch.setattr(failed._pool_manager, "update_status", fail)
    await until_soon(lambda: not failed.active)
    assert await pool.run(soon(), echo, 2) == 2
    assert not running.done()
    old_workers_are_killed.set()
    assert await running == "read"
    assert lost_workers["pool"] == before + 1


async def test_a_closed_pool_starts_no_other_one() -> None:
    pool = DecodePool(1, 3.0, 256 * MIB)
    assert await pool.run(soon(), echo, 1) == 1
    pool.close()
    with pytest.raises(RuntimeError, match="not active"):
        await pool.run(soon(), echo, 2)


async def test_an_exception_of_the_program_keeps_its_frames_and_not_its_message(pool: DecodePool) -> None:
    with pytest.raises(WorkerFault) as caught:
        await pool.run(soon(), raise_with_patient_name)
    assert "ValueError" in str(caught.value)
    assert "in raise_with_patient_name" in str(caught.value)
    assert "Ivanov" not in str(caught.value)


async def test_a_passed_deadline_ends_the_wait(pool: DecodePool) -> None:
    with pytest.raises(EngineDeadline):
        await pool.run(Deadline.after(0.5), hang)


async def test_cancelling_the_caller_frees_the_worker() -> None:
    """Long before the call would have been killed for its time."""
    pool = DecodePool(2, 600.0, 256 * MIB)
    try:
        calls = [asyncio.create_task(pool.run(Deadline.after(600), hang)) for _ in range(2)]
        await asyncio.sleep(0.3)
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        assert await pool.run(Deadline.after(60), echo, "free") == "free"
    finally:
        pool.close()


def test_workers_start_under_a_tmpdir_too_long_for_a_sockets_name(tmp_path: Path) -> None:
    """In a new process: each process starts its forkserver once."""
    long = tmp_path / ("job" * 40)
    long.mkdir()
    environ = {**os.environ, "TMPDIR": str(long)}
    done = subprocess.run(
        [sys.executable, "-c", IN_THAT_TMPDIR], env=environ, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.returncode) == (f"decoded {long}\n", 0), done.stderr


IN_THAT_TMPDIR = """
import asyncio, tempfile
from gateway.screening.decode_workers import DecodePool
from gateway.inference.engine import Deadline

pool = DecodePool(1, 30.0, 2**28)
print(asyncio.run(pool.run(Deadline.after(60), str.lower, "DECODED")), tempfile.gettempdir())
pool.close()
"""


def test_workers_start_after_multiprocessing_has_forked_a_child() -> None:
    """As a loader of training data does. The child must not delete the folder of the workers' sockets."""
    done = subprocess.run([sys.executable, "-c", AFTER_A_FORK], capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("decoded\n", 0), done.stderr


AFTER_A_FORK = """
import asyncio, multiprocessing
from gateway.screening.decode_workers import DecodePool
from gateway.inference.engine import Deadline

DecodePool(1, 30.0, 2**28).close()
child = multiprocessing.get_context("fork").Process(target=len, args=("",))
child.start()
child.join()
pool = DecodePool(1, 30.0, 2**28)
print(asyncio.run(pool.run(Deadline.after(60), str.lower, "DECODED")))
pool.close()
"""


async def test_a_file_that_was_deleted_has_an_error_of_its_own(pool: DecodePool, tmp_path: Path) -> None:
    with pytest.raises(FileDeleted):
        await pool.run(soon(), Path.read_bytes, tmp_path / "deleted.zip")
