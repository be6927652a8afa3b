"""Ends a server when its owner ends, even when the owner is killed with SIGKILL.

A program of its own, with the standard library alone:

    python parent_death_guard.py OWNER_PID LOG SHM_PREFIX STOP_SIGNAL COMMAND...

It prints the server's pid, then writes the server's output to LOG (two files of 10 MB at most) until the server ends,
the owner ends, or the guard gets SIGTERM. Then it sends STOP_SIGNAL to the server, kills its process group after a
grace period, and removes its shared memory. What the server writes is for its own user alone.
"""

import ctypes
import logging
import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from logging.handlers import RotatingFileHandler
from pathlib import Path

LOG_BYTES = 10_000_000
POLL_S = 0.2
GRACE_S = 10.0
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36  # prctl(2)
OWNER_ONLY = 0o077  # umask
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108  shm_overview(7): Linux keeps POSIX shared memory here


def main(owner: int, log: Path, shm_prefix: str, stop_signal: int, command: list[str]) -> None:
    """Run `command` until it ends, its owner ends, or this process gets SIGTERM."""
    os.umask(OWNER_ONLY)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda _signal, _frame: stop.set())
    _prctl(PR_SET_CHILD_SUBREAPER, 1)  # stubs that outlive the server become children of this process
    sweep_shared_memory(shm_prefix)
    server = _start(command)
    sys.stdout.write(f"{server.pid}\n")
    sys.stdout.flush()
    log_writer = threading.Thread(target=_write_log, args=(server, log), daemon=True)
    log_writer.start()
    while server.poll() is None and os.getppid() == owner and not stop.wait(POLL_S):
        close_shared_memory(shm_prefix)
    _end(server, stop_signal)
    log_writer.join(POLL_S)
    sweep_shared_memory(shm_prefix)


def sweep_shared_memory(prefix: str) -> None:
    """Remove the shared memory segments that a killed server left."""
    for segment in SHARED_MEMORY.glob(f"{prefix}*"):
        segment.unlink(missing_ok=True)


def close_shared_memory(prefix: str) -> None:
    """Close segments to other users: Triton creates them for all users, whatever the umask is.

    A segment is made when a model is loaded, seconds before the server is ready and the first slice is in it.
    """
    for segment in SHARED_MEMORY.glob(f"{prefix}*"):
        with suppress(FileNotFoundError):  # the server has just removed it
            if segment.stat().st_mode & OWNER_ONLY:
                segment.chmod(0o600)


def _start(command: list[str]) -> subprocess.Popen[bytes]:
    """Start the server as the leader of its own process group: one signal then reaches every stub that it forks."""
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        process_group=0,
        preexec_fn=_die_with_guard,  # noqa: PLW1509  safe: the guard has one thread until the server runs
    )


def _die_with_guard() -> None:
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _prctl(option: int, value: int) -> None:
    ctypes.CDLL(None).prctl(option, value)


def _write_log(server: subprocess.Popen[bytes], log: Path) -> None:
    handler = RotatingFileHandler(log, maxBytes=LOG_BYTES, backupCount=1)
    for line in server.stdout or ():
        handler.emit(logging.LogRecord("", logging.INFO, "", 0, line.decode(errors="replace").rstrip(), None, None))


def _end(server: subprocess.Popen[bytes], stop_signal: int) -> None:
    server.send_signal(stop_signal)
    with suppress(subprocess.TimeoutExpired):
        server.wait(GRACE_S)
    with suppress(ProcessLookupError):  # no process of the group is left
        os.killpg(server.pid, signal.SIGKILL)
    server.wait()
    with suppress(ChildProcessError):  # all are reaped
        while True:
            os.waitpid(-server.pid, 0)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]), sys.argv[5:])
