"""Runs a part in a process of its own, which is killed when its time is over, and keeps the rows that it gave.

A crash inside CUDA or a build that never ends costs this part alone. The child, `python -m benchmarks.gpu.isolated`,
appends a line of JSON for each row to a file; its last line is the outcome. What it prints, TensorRT's log too, goes to
`log`.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import IO, Final

from benchmarks.gpu.plan import Task
from benchmarks.gpu.providers import PROVIDERS, SERVED, CannotRun, Provider, why_not
from benchmarks.gpu.record import Outcome, State
from benchmarks.gpu.rows import Row
from benchmarks.gpu.setting import Setting

Part = Callable[[Setting, Provider], Iterator[Row] | AsyncIterator[Row]]

ERROR_CHARACTERS: Final = 400


def run_isolated(task: Task, setting: Setting, limit_s: float, log: Path) -> Outcome:
    """The rows of the part and how it ended."""
    with TemporaryDirectory(
        prefix="turnstile-gpu-", ignore_cleanup_errors=True
    ) as folder:  # the killed may still write
        lines = Path(folder) / "lines.json"
        command = [sys.executable, "-m", "benchmarks.gpu.isolated", task.part, task.provider.name, str(lines)]
        start = perf_counter()
        with log.open("ab") as out:
            status = _run(command, setting.model_dump_json(), limit_s, folder, out)
        seconds = perf_counter() - start
        found = [json.loads(line) for line in lines.read_text("utf-8").splitlines()] if lines.exists() else []
    rows = tuple(line["row"] for line in found if "row" in line)
    state, reason = _ended(found[-1] if found else {}, status, limit_s)
    return Outcome(part=task.part, provider=task.provider.name, state=state, reason=reason, seconds=seconds, rows=rows)


def _run(command: list[str], setting: str, limit_s: float, folder: str, out: IO[bytes]) -> int | None:
    """The exit status; None when the time was over, and the child was killed with all that it started.

    `folder` is for its temporary files, which a killed one leaves behind.
    """
    environ = os.environ | {"TMPDIR": folder}
    child = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=out, stderr=out, env=environ, start_new_session=True
    )
    try:
        child.communicate(setting.encode(), timeout=limit_s)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        return None
    return child.returncode


def _ended(last: Row, status: int | None, limit_s: float) -> tuple[State, str]:
    if "state" in last:
        return last["state"], last["reason"]
    if status is None:
        return "out of time", f"stopped after {limit_s:.0f} s; what it had measured is kept"
    return "failed", f"its process ended with status {status}; parts.log has what it printed"


def _child(part: str, name: str, path: Path) -> None:
    setting = Setting.model_validate_json(sys.stdin.read())
    provider = SERVED if name == SERVED.name else PROVIDERS[name]
    with path.open("a", encoding="utf-8", buffering=1) as lines:
        try:
            _check(provider)
            run: Part = getattr(import_module(f"benchmarks.gpu.parts.{part}"), part)
            for row in _rows(run(setting, provider)):
                lines.write(json.dumps({"row": row}) + "\n")
            ended: tuple[State, str] = "done", ""
        except CannotRun as error:
            ended = "cannot run", str(error)
        except Exception as error:  # noqa: BLE001 - a library's; the row of the page says which
            ended = "failed", f"{type(error).__name__}: {error}"[:ERROR_CHARACTERS]
        lines.write(json.dumps({"state": ended[0], "reason": ended[1]}) + "\n")


def _check(provider: Provider) -> None:
    if reason := why_not(provider):
        raise CannotRun(reason)


def _rows(rows: Iterator[Row] | AsyncIterator[Row]) -> Iterator[Row]:
    """The rows of a part, also of an asynchronous one, each as soon as it is there."""
    if isinstance(rows, Iterator):
        yield from rows
        return
    with asyncio.Runner() as runner:
        while (row := runner.run(_next(rows))) is not None:
            yield row


async def _next(rows: AsyncIterator[Row]) -> Row | None:
    return await anext(rows, None)


if __name__ == "__main__":
    _child(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
