"""The leash is run for real, around little servers written in Python or shell."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from engines import parent_death_guard

TERMINATE = str(int(signal.SIGTERM))
SERVER_WITH_CHILD = "import os, time; os.fork(); time.sleep(600)"


def _leash_command(owner: int | str, log: Path, prefix: str, code: str, stop: str = TERMINATE) -> list[str]:
    return [sys.executable, parent_death_guard.__file__, str(owner), str(log), prefix, stop, sys.executable, "-c", code]


def _start(
    log: Path, code: str, prefix: str = "turnstile-test-none-", stop_signal: int = signal.SIGTERM
) -> tuple[subprocess.Popen[str], int]:
    command = _leash_command(os.getpid(), log, prefix, code, str(int(stop_signal)))
    holder = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert holder.stdout
    with holder.stdout:
        return holder, int(holder.stdout.readline())


def _group(leader: int) -> list[int]:
    return [process.pid for process in psutil.process_iter() if _belongs(process, leader)]


def _belongs(process: psutil.Process, leader: int) -> bool:
    try:
        return os.getpgid(process.pid) == leader and process.status() != psutil.STATUS_ZOMBIE
    except (ProcessLookupError, psutil.NoSuchProcess):
        return False


def _soon(condition: Callable[[], bool]) -> bool:
    for _ in range(400):
        if condition():
            return True
        time.sleep(0.05)
    return False


def test_told_to_stop_it_ends_the_server_and_its_children(tmp_path: Path) -> None:
    holder, server = _start(tmp_path / "log", SERVER_WITH_CHILD)
    assert _soon(lambda: len(_group(server)) == 2)

    holder.send_signal(signal.SIGTERM)

    assert holder.wait(20) == 0
    assert _group(server) == []


def test_the_server_is_told_to_stop_in_its_own_way(tmp_path: Path) -> None:
    code = (
        "import signal, time; signal.signal(2, lambda *_: exit('in order')); print('up', flush=True); time.sleep(600)"
    )
    log = tmp_path / "log"
    holder, _ = _start(log, code, stop_signal=signal.SIGINT)
    assert _soon(lambda: log.exists() and "up" in log.read_text())

    holder.send_signal(signal.SIGTERM)

    assert holder.wait(20) == 0
    assert "in order" in log.read_text()


def test_it_ends_with_the_server_and_leaves_no_child_behind(tmp_path: Path) -> None:
    holder, server = _start(tmp_path / "log", SERVER_WITH_CHILD)
    assert _soon(lambda: len(_group(server)) == 2)

    os.kill(server, signal.SIGKILL)

    assert holder.wait(20) == 0
    assert _group(server) == []


def test_the_server_dies_when_its_owner_is_killed(tmp_path: Path) -> None:
    command = _leash_command("OWNER", tmp_path / "log", "turnstile-test-none-", SERVER_WITH_CHILD)
    script = f"import os, subprocess; subprocess.run([x.replace('OWNER', str(os.getpid())) for x in {command!r}])"
    owner = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert owner.stdout
    with owner.stdout:
        server = int(owner.stdout.readline())
    assert _soon(lambda: len(_group(server)) == 2)

    owner.kill()
    owner.wait()

    assert _soon(lambda: _group(server) == [])


def test_the_server_dies_when_the_leash_itself_is_killed(tmp_path: Path) -> None:
    holder, server = _start(tmp_path / "log", "import time; time.sleep(600)")

    holder.kill()
    holder.wait()

    assert _soon(lambda: _group(server) == [])


def test_it_removes_the_shared_memory_of_its_server_alone(tmp_path: Path) -> None:
    ours = Path(f"/dev/shm/turnstile-test-{os.getpid()}-1-segment")  # noqa: S108  where POSIX shared memory is
    other = Path(f"/dev/shm/turnstile-test-{os.getpid()}-12-segment")  # noqa: S108
    for segment in (ours, other):
        segment.touch()
    try:
        holder, _ = _start(tmp_path / "log", "pass", prefix=f"turnstile-test-{os.getpid()}-1-")
        holder.wait(20)
        assert (ours.exists(), other.exists()) == (False, True)
    finally:
        ours.unlink(missing_ok=True)
        other.unlink()


def test_the_log_is_kept_and_bounded(tmp_path: Path) -> None:
    log = tmp_path / "log"
    holder, _ = _start(log, "for n in range(25): print(str(n) + 'x' * 1_000_000)\nraise SystemExit('the end')")
    holder.wait(20)

    assert log.read_text().endswith("the end\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log", "log.1"]
    assert all(path.stat().st_size <= parent_death_guard.LOG_BYTES for path in tmp_path.iterdir())


def test_a_server_that_is_not_there_is_not_silent(tmp_path: Path) -> None:
    command = [
        sys.executable,
        parent_death_guard.__file__,
        str(os.getpid()),
        str(tmp_path / "log"),
        "none-",
        TERMINATE,
        "/no",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout == ""
    assert "/no" in done.stderr
    assert done.returncode != 0
