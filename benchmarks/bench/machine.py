"""The measured machine."""

import os
import platform
from importlib.metadata import version
from pathlib import Path

import psutil

from benchmarks.bench.results import Frozen

CPUINFO = Path("/proc/cpuinfo")


class Machine(Frozen):
    """The machine of a run; `load_before` is the load average of the minute before it."""

    cpu: str
    cores: int
    cores_of: int
    memory_gib: float
    system: str
    python: str
    turnstile: str
    load_before: float

    @property
    def words(self) -> str:
        """One line of text."""
        cores = f"{self.cores} of {self.cores_of} cores"
        return f"{self.cpu}, {cores}, {self.memory_gib:.0f} GiB, load {self.load_before:.1f} before"


def this_machine() -> Machine:
    """Read the properties of this machine."""
    return Machine(
        cpu=_cpu(),
        cores=len(os.sched_getaffinity(0)),
        cores_of=psutil.cpu_count() or 1,
        memory_gib=psutil.virtual_memory().total / 2**30,
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        python=platform.python_version(),
        turnstile=version("turnstile"),
        load_before=os.getloadavg()[0],
    )


def _cpu() -> str:
    lines = CPUINFO.read_text().splitlines() if CPUINFO.exists() else []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or platform.machine())
