"""Samples of the call stacks of running processes, by py-spy for Python and by perf for C.

py-spy reads a Python process from outside, without a change of the program, and sees the functions of Python; perf, of
the kernel, sees those of Triton and PostgreSQL. Both sample by the clock.
"""

import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

RATE_HZ: Final = 40  # more, of seven processes, slows them so much that other things are seen than usual
STOP_LIMIT_S: Final = 60
PY_SPY: Final = str(Path(sys.executable).with_name("py-spy"))

Stack = tuple[str, ...]  # the outermost function first

# Functions in which a thread waits; py-spy takes some of them for work.
WAITING: Final = re.compile(
    r"(^|\.)(wait|select|accept|_recv|_poll|_worker|unix_poll|pool_manager_loop|_do_waitpid)"
    r" \((threading|selectors|socket|asyncio/unix_events|concurrent/|multiprocessing/|pebble/)"
)


@dataclass
class Samples:
    """How often each stack was seen, by the id of its process. Waiting threads are left out."""

    by_process: dict[int, Counter[Stack]] = field(default_factory=dict)

    def of(self, processes: Iterable[int]) -> Counter[Stack]:
        """The stacks of these processes together."""
        return sum((self.by_process.get(pid, Counter()) for pid in processes), Counter[Stack]())

    def add(self, pid: int, stack: Stack, count: int) -> None:
        """Count a stack, unless its thread waits."""
        if stack and not WAITING.search(stack[-1]):
            self.by_process.setdefault(pid, Counter())[stack] += count


@contextmanager
def sampled(pythons: Sequence[int], natives: Sequence[int], folder: Path) -> Iterator[Samples]:
    """Sample these processes during the block, by their ids; the samples are complete after it.

    Raises RuntimeError when py-spy may not read one. Without perf `natives` have no samples.
    """
    samples, files = Samples(), {pid: folder / f"python-{pid}.txt" for pid in pythons}
    with ExitStack() as stack:
        for pid, path in files.items():
            stack.enter_context(_running(_py_spy(pid, path)))
        if shutil.which("perf") and natives:
            stack.enter_context(_running(_perf(natives, folder / "perf.data")))
        yield samples
    for pid, path in files.items():
        if not path.is_file():
            raise RuntimeError("py-spy could not read a process: run as root, or allow ptrace")
        _read_py_spy(pid, path.read_text(), samples)
    if (folder / "perf.data").is_file():
        _read_perf(_perf_script(folder / "perf.data"), samples)


@contextmanager
def _running(command: Sequence[str]) -> Iterator[None]:
    """A profiler, which writes its file when it is interrupted."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(STOP_LIMIT_S)


def _py_spy(pid: int, path: Path) -> list[str]:
    options = ["--rate", str(RATE_HZ), "--format", "raw", "--function", "--nonblocking", "--duration", "unlimited"]
    return [PY_SPY, "record", *options, "--output", str(path), "--pid", str(pid)]


def _perf(pids: Sequence[int], path: Path) -> list[str]:
    where = ["-o", str(path), "-p", ",".join(map(str, pids))]
    return ["perf", "record", "-q", "-e", "cpu-clock", "-F", str(RATE_HZ), "-g", *where]


def _perf_script(path: Path) -> str:
    command = ["perf", "script", "-i", str(path), "-F", "pid,ip,sym,dso"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def _read_py_spy(pid: int, text: str, samples: Samples) -> None:
    """Lines `function (file);function (file) 34`; one that was read while its process changed it may be anything."""
    for line in text.splitlines():
        frames, _, count = line.rpartition(" ")
        if count.isdigit():
            samples.add(pid, tuple(frames.split(";")), int(count))


def _read_perf(text: str, samples: Samples) -> None:
    """Blocks of a line with the process, then a line `address symbol (object)` a function, the innermost first."""
    for block in text.split("\n\n"):
        first, *lines = block.strip("\n").splitlines() or [""]
        if not first.strip().rstrip(":").isdigit():
            continue
        functions = (re.match(r"\s*[0-9a-f]+ (.+) \((.+)\)$", line) for line in reversed(lines))
        stack = tuple(f"{found[1]} ({Path(found[2]).name})" for found in functions if found)
        samples.add(int(first.strip().rstrip(":")), stack, 1)
