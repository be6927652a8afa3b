"""The guard as a real process, with small servers written in Python or shell."""

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


def _guard_command(owner: int | str, log: Path, prefix: str, code: str, stop: str = TERMINATE) -> list[str]:
    return [sys.executable, parent_death_guard.__file__, str(owner), str(log), prefix, stop, sys.executable, "-c", code]


def _start(
    log: Path, code: str, prefix: str = "turnstile-test-none-", stop_signal: int = signal.SIGTERM
) -> tuple[subprocess.Popen[str], int]:
    command = _guard_command(os.getpid(), log, prefix, code, str(int(stop_signal)))
    guard = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert guard.stdout
    with guard.stdout:
        return guard, int(guard.stdout.readline())


def _group(leader: int) -> list[int]:
    return [process.pid for process in psutil.process_iter() if _belongs(process, leader)]


def _belongs(process: psutil.Process, leader: int) -> bool:
    try:
        return os.getpgid(process.pid) == leader and process.status() != psutil.STATUS_ZOMBIE
    except (ProcessLookupError, psutil.NoSuchProcess):
        return False


def _eventually(condition: Callable[[], bool]) -> bool:
    for _ in range(400):
        if condition():
            return True
        time.sleep(0.05)
    return False


def test_sigterm_ends_the_server_and_its_children(tmp_path: Path) -> None:
    guard, server = _start(tmp_path / "log", SERVER_WITH_CHILD)
    assert _eventually(lambda: len(_group(server)) == 2)

    guard.send_signal(signal.SIGTERM)

    assert guard.wait(20) == 0
    assert _group(server) == []


def test_the_server_gets_its_own_stop_signal(tmp_path: Path) -> None:
    code = (
        "import signal, time; signal.signal(2, lambda *_: exit('in order')); print('up', flush=True); time.sleep(600)"
    )
    log = tmp_path / "log"
    guard, _ = _start(log, code, stop_signal=signal.SIGINT)
    assert _eventually(lambda: log.exists() and "up" in log.read_text())

    guard.send_signal(signal.SIGTERM)

    assert guard.wait(20) == 0
    assert "in order" in log.read_text()


def test_it_ends_with_the_server_and_leaves_no_child_behind(tmp_path: Path) -> None:
    guard, server = _start(tmp_path / "log", SERVER_WITH_CHILD)
    assert _eventually(lambda: len(_group(server)) == 2)

    os.kill(server, signal.SIGKILL)

    assert guard.wait(20) == 0
    assert _group(server) == []


def test_the_server_ends_when_its_owner_is_killed(tmp_path: Path) -> None:
    command = _guard_command("OWNER", tmp_path / "log", "turnstile-test-none-", SERVER_WITH_CHILD)
    script = f"import os, subprocess; subprocess.run([x.replace('OWNER', str(os.getpid())) for x in {command!r}])"
    owner = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert owner.stdout
    with owner.stdout:
        server = int(owner.stdout.readline())
    assert _eventually(lambda: len(_group(server)) == 2)

    owner.kill()
    owner.wait()

    assert _eventually(lambda: _group(server) == [])


def test_the_server_is_killed_when_the_guard_is_killed(tmp_path: Path) -> None:
    guard, server = _start(tmp_path / "log", "import time; time.sleep(600)")

    guard.kill()
    guard.wait()

    assert _eventually(lambda: _group(server) == [])


def test_it_removes_the_shared_memory_of_its_server_alone(tmp_path: Path) -> None:
    ours = Path(f"/dev/shm/turnstile-test-{os.getpid()}-1-segment")  # noqa: S108  where POSIX shared memory is
    other = Path(f"/dev/shm/turnstile-test-{os.getpid()}-12-segment")  # noqa: S108
    for segment in (ours, other):
        segment.touch()
    try:
        guard, _ = _start(tmp_path / "log", "pass", prefix=f"turnstile-test-{os.getpid()}-1-")
        guard.wait(20)
        assert (ours.exists(), other.exists()) == (False, True)
    finally:
        ours.unlink(missing_ok=True)
        other.unlink()


def test_the_log_is_kept_and_bounded(tmp_path: Path) -> None:
    log = tmp_path / "log"
    guard, _ = _start(log, "for n in range(25): print(str(n) + 'x' * 1_000_000)\nraise SystemExit('the end')")
    guard.wait(20)

    assert log.read_text().endswith("the end\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log", "log.1"]
    assert all(path.stat().st_size <= parent_death_guard.LOG_BYTES for path in tmp_path.iterdir())


def test_a_missing_program_is_reported(tmp_path: Path) -> None:
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


def test_what_the_server_makes_is_for_its_own_user(tmp_path: Path) -> None:
    """Triton opens its shared memory to all users, whatever the umask is; boost sets the mode once more."""
    segment = Path(f"/dev/shm/turnstile-test-{os.getpid()}-2-segment")  # noqa: S108
    code = f"""
import os, time
os.close(os.open({str(tmp_path / "file")!r}, os.O_CREAT, 0o666))
os.fchmod(os.open({str(segment)!r}, os.O_CREAT, 0o666), 0o666)
time.sleep(600)
"""
    guard, _ = _start(tmp_path / "log", code, prefix=f"turnstile-test-{os.getpid()}-2-")
    try:
        assert _eventually(lambda: segment.exists() and segment.stat().st_mode & 0o777 == 0o600)
        assert (tmp_path / "file").stat().st_mode & 0o777 == 0o600
        assert (tmp_path / "log").stat().st_mode & 0o777 == 0o600
    finally:
        guard.terminate()
        guard.wait(20)
    assert not segment.exists()
