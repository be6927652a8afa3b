"""Worker processes that read and decode studies; a file that hangs or takes too much memory fails its own study only.

The forkserver imports `screening` once; a worker that replaces a killed one is forked from it in milliseconds.
"""

import asyncio
import os
import resource
import signal
import tempfile
from collections.abc import AsyncIterator, Callable
from concurrent.futures import InvalidStateError
from concurrent.futures import TimeoutError as TaskTimeout
from concurrent.futures.process import BrokenProcessPool
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import cache, partial
from multiprocessing import get_context, util
from pathlib import Path
from threading import Thread
from time import monotonic
from typing import Any, ParamSpec, TypeVar
from weakref import WeakSet

import psutil
import structlog
from pebble import ProcessExpired, ProcessFuture, ProcessPool

from engines.owned_folder import owned_folder
from gateway.errors import StorageFull
from gateway.fairness.party import LOCAL, Party
from gateway.inference.engine import Deadline
from gateway.screening.decode_queue import DecodeQueue
from gateway.storage.disk_reserve import is_full_or_read_only
from gateway.telemetry.logs import frames_without_message
from gateway.unix_sockets import socket_folder
from screening.coded_error import CodedError
from screening.errors import BrokenPixels, DecodeMemory, DecodeTimeout, EngineDeadline, StudyError

P = ParamSpec("P")
T = TypeVar("T")

log = structlog.get_logger(__name__)

SCRATCH_FULL = "the disk of the scratch folder is full or read-only; it may pass when other uploads are done"

WORKER_ENVIRONMENT = {
    # The workers are the parallelism, and an idle OpenBLAS pool costs 30 MB a thread of address space.
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
    # glibc gives each freed slice back to the kernel and faults its pages in again: 13 of a study's 130 ms.
    "MALLOC_MMAP_THRESHOLD_": str(16 * 2**20),
    "MALLOC_TRIM_THRESHOLD_": str(64 * 2**20),
    "MALLOC_ARENA_MAX": "2",  # the threads of `over_slices` would have an arena each, which keeps what it once held
}


class WorkerFault(Exception):
    """The program failed in a worker; the message has the stack frames, without the message of the cause."""


class FileDeleted(WorkerFault):
    """A file was deleted before the worker opened it; the caller knows whether that is a fault."""


class DecodePool:
    """Runs functions of `screening.preparation` and `viewing` in worker processes, within a time and memory limit.

    `on_worker_lost` is called with "timeout", "crash" or "pool".
    """

    def __init__(
        self, workers: int, timeout_s: float, memory_bytes: int, on_worker_lost: Callable[[str], None] = lambda _: None
    ) -> None:
        self.limits = (timeout_s, memory_bytes)
        self._timeout_s = timeout_s
        self._queue = DecodeQueue(workers)
        self._on_death = on_worker_lost
        _set_socket_folder()
        context = get_context("forkserver")
        context.set_forkserver_preload(["screening.preparation", "gateway.viewing.rendering"])
        os.environ.update(WORKER_ENVIRONMENT)  # inherited by the forkserver, which must see it before it starts
        self._new_pool = partial(
            ProcessPool, max_workers=workers, initializer=_start_worker, initargs=(memory_bytes,), context=context
        )
        self._pool = self._new_pool()
        self._tasks: WeakSet[ProcessFuture[Any]] = WeakSet()  # of this pool
        self._closed = False

    async def run(self, deadline: Deadline, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call the function in a worker, as `DecodeShare.run` does, for the command line."""
        return await self.shared_by(LOCAL).run(deadline, function, *args, **kwargs)

    def shared_by(self, party: Party, *, is_view: bool = False) -> "DecodeShare":
        """The workers as this party has them: in turns with the others."""
        return DecodeShare(self, party, is_view)

    @asynccontextmanager
    async def worker(self, deadline: Deadline, party: Party, is_view: bool) -> AsyncIterator[None]:
        """A free worker until the block ends; raises EngineDeadline when none is free in time."""
        async with AsyncExitStack() as stack:
            try:
                async with asyncio.timeout(deadline.left_s()):
                    await stack.enter_async_context(self._queue.worker(party, is_view=is_view))
            except TimeoutError:
                raise EngineDeadline("no decode worker was free in time") from None
            yield

    async def call(self, deadline: Deadline, function: Callable[[], T]) -> T:
        """Call the function in a worker that is free; once more when the pool's own threads fail meanwhile."""
        pool = self._pool
        try:
            return await self._call_in(pool, deadline, function)
        except RuntimeError:  # of the pool alone; BrokenProcessPool is one
            if self._closed:
                raise
            self._replace(pool)
            return await self._call_in(self._pool, deadline, function)

    async def _call_in(self, pool: ProcessPool, deadline: Deadline, function: Callable[[], T]) -> T:
        task, started_s = pool.schedule(_call, args=(function,), timeout=self._timeout_s), monotonic()
        self._tasks.add(task)
        try:
            async with asyncio.timeout(deadline.left_s()) as limit:
                return await asyncio.wrap_future(task)
        except TaskTimeout:
            self._on_death("timeout")
            if limit.expired():
                raise EngineDeadline("the time for this study ran out while it was being read") from None
            if monotonic() - started_s < self._timeout_s:  # Pebble measures by the wall clock, which was moved
                return await self._call_in(pool, deadline, function)
            raise DecodeTimeout(f"reading this study took longer than {self._timeout_s:g} s") from None
        except MemoryError:
            raise DecodeMemory("reading this study takes more memory than one study may") from None
        except ProcessExpired as exit_:
            self._on_death("crash")
            raise _study_error_of(exit_) from None
        except FileDeleted as deleted:
            log.info("a file was deleted while a worker read it", frames=str(deleted))
            raise
        except WorkerFault as fault:
            log.error("decode worker failed", frames=str(fault))  # noqa: TRY400 - the frames are the worker's
            raise

    def _replace(self, failed: ProcessPool) -> None:
        """Another pool for one whose own threads failed, which takes no task ever again.

        A thread kills the workers of that one, which takes seconds, and ends its tasks.
        """
        if self._pool is failed:  # not replaced by another call yet
            log.error("the pool of decode workers failed and is replaced")
            self._on_death("pool")
            tasks, self._pool, self._tasks = self._tasks, self._new_pool(), WeakSet()
            Thread(target=_end_failed, args=[failed, tasks], name="failed decode pool", daemon=True).start()

    def close(self) -> None:
        """Kill all workers."""
        self._closed = True
        _end(self._pool)


@dataclass(frozen=True)
class DecodeShare:
    """The decode workers for one party; a view leaves workers to the analyses."""

    pool: DecodePool
    party: Party
    is_view: bool = False

    async def run(self, deadline: Deadline, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call the function in a worker, when it is the party's turn.

        Raises the function's own CodedError; DecodeTimeout, DecodeMemory or BrokenPixels when the worker was killed or
        crashed; EngineDeadline when no worker was free in time; FileDeleted; StorageFull; WorkerFault when the
        program failed. The worker is killed when the caller is cancelled.
        """
        async with self.pool.worker(deadline, self.party, self.is_view):
            return await self.pool.call(deadline, partial(function, *args, **kwargs))


def _end(pool: ProcessPool) -> None:
    pool.stop()
    pool.join()


def _end_failed(pool: ProcessPool, tasks: "WeakSet[ProcessFuture[Any]]") -> None:
    _end(pool)
    for task in list(tasks):
        with suppress(InvalidStateError):  # it was done before, or Pebble has ended it
            task.set_exception(BrokenProcessPool("the threads of the pool failed"))


def _study_error_of(exit_: ProcessExpired) -> StudyError:
    """SIGKILL means that the kernel was out of memory; any other exit is a crash of a decoder.

    gdcm aborts on one of 5,000 randomly damaged JPEG slices, with memory to spare; C++ without memory aborts too.
    """
    if exit_.exitcode == -signal.SIGKILL:
        return DecodeMemory("reading this study took more memory than there is; its worker was killed")
    return BrokenPixels("the decoder crashed on this study's pixels, or found no memory for them")


@cache
def _set_socket_folder() -> ExitStack:
    """Let multiprocessing create its folder under a path short enough for a socket's name, as Python 3.14 does.

    Once a process, and in a folder that the next process deletes when this one is killed. What is returned stays in the
    cache: multiprocessing clears its finalizers in a process that it forks, which would then delete the folder.
    """
    stack = ExitStack()
    own = stack.enter_context(owned_folder(Path(socket_folder()), "turnstile-workers-"))
    util.Finalize(None, stack.close, exitpriority=-200)  # after that of multiprocessing's folder in it, -100
    chosen, tempfile.tempdir = tempfile.tempdir, str(own)
    try:
        util.get_temp_dir()
    finally:
        tempfile.tempdir = chosen
    return stack


def _start_worker(memory_bytes: int) -> None:
    import cv2

    cv2.setNumThreads(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    limit = psutil.Process().memory_info().vms + memory_bytes
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _call(function: Callable[[], T]) -> T:
    try:
        return function()
    except (CodedError, MemoryError):
        raise
    except OSError as fault:
        if is_full_or_read_only(fault):
            raise StorageFull(SCRATCH_FULL) from None
        raise _fault_of(fault) from None
    except Exception as fault:  # noqa: BLE001 - its message may quote a header and must not leave the worker
        raise _fault_of(fault) from None


def _fault_of(fault: Exception) -> WorkerFault:
    kind = FileDeleted if isinstance(fault, FileNotFoundError) else WorkerFault
    return kind(frames_without_message((type(fault), fault, fault.__traceback__)))
