"""Locust as a child process, headless, with its CSV and HTML saved, and with a time limit."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import benchmarks.load
from benchmarks.bench.calls import Calls
from benchmarks.bench.results import Client
from benchmarks.service import stop

LOAD = Path(benchmarks.load.__file__).parent
LAST_CALLS_S = 60  # a call in work at the end is waited for
GRACE_S = 60.0  # Locust's own start and end


@dataclass(frozen=True)
class Callers:
    """The kind and number of Locust users, and the duration."""

    name: str
    kind: str
    url: str
    uploads: Sequence[Path]
    folder: Path
    count: int
    seconds: float
    stages: bool = False
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def calls_csv(self) -> Path:
        return self.folder / f"{self.name}_calls.csv"

    @property
    def command(self) -> list[str]:
        """The command line."""
        files = [LOAD / "scenarios.py", LOAD / "load_shape.py"] if self.stages else [LOAD / "scenarios.py"]
        until = [] if self.stages else ["-u", str(self.count), "-r", str(self.count), "-t", f"{self.seconds:.0f}s"]
        kept = ["--csv", str(self.folder / self.name), "--html", str(self.folder / f"{self.name}.html")]
        quiet = ["--headless", "--only-summary", "--exit-code-on-error", "0", "--stop-timeout", str(LAST_CALLS_S)]
        start = [sys.executable, "-m", "locust", "-f", ",".join(map(str, files)), self.kind, "--host", self.url]
        return [*start, *until, *quiet, *kept]

    @property
    def environ(self) -> dict[str, str]:
        here = {
            "TURNSTILE_BENCH_CALLS": str(self.calls_csv),
            "TURNSTILE_BENCH_STUDY": os.pathsep.join(map(str, self.uploads)),
            "TURNSTILE_BENCH_CALLERS": str(self.count),
            "PYTHONPATH": os.pathsep.join([str(LOAD.parent.parent), os.environ.get("PYTHONPATH", "")]).rstrip(
                os.pathsep
            ),
        }
        return os.environ | here | self.settings

    def run(self) -> tuple[Calls, Client]:
        """Run Locust, and return when it has ended."""
        with self.started() as child:
            return self.ended(child)

    @contextmanager
    def started(self) -> Iterator["subprocess.Popen[bytes]"]:
        """Locust runs while the block does, and is stopped at its end."""
        self.calls_csv.with_suffix(".json").unlink(missing_ok=True)
        with (self.folder / f"{self.name}.log").open("wb") as log:
            child = subprocess.Popen(self.command, stdout=log, stderr=log, env=self.environ)
            try:
                yield child
            finally:
                if child.poll() is None:
                    stop(child)

    def began_s(self) -> float:
        """The start of the users, s since 1970; raises RuntimeError when they do not start."""
        end_s = time.monotonic() + GRACE_S
        while time.monotonic() < end_s:
            if facts := self._file_fields():
                return facts["begin_s"]
            time.sleep(0.1)
        raise RuntimeError(f"Locust did not begin within {GRACE_S:.0f} s: {self._words()}")

    def ended(self, child: "subprocess.Popen[bytes]") -> tuple[Calls, Client]:
        """Wait for the end; raises RuntimeError without any call, TimeoutExpired when it hangs."""
        child.wait(timeout=self.seconds + LAST_CALLS_S + GRACE_S)
        facts = self._file_fields()
        if "end_s" not in facts:
            raise RuntimeError(f"Locust ended with status {child.returncode}: {self._words()}")
        calls = Calls.read(self.calls_csv, facts["begin_s"], facts["end_s"])
        return calls, Client(cpu_s=facts["cpu_s"], wall_s=facts["end_s"] - facts["begin_s"])

    def _file_fields(self) -> dict[str, float]:
        facts = self.calls_csv.with_suffix(".json")
        found: dict[str, float] = json.loads(facts.read_text()) if facts.exists() else {}
        return found

    def _words(self) -> str:
        return (self.folder / f"{self.name}.log").read_text(errors="replace")[-500:]
