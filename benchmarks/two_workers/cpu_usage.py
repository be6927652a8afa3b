"""CPU seconds by kind of process, of the cluster and of all that else runs on the machine."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

import psutil

from screening.contract import AUTOENCODER, CLASSIFIER, FINDINGS_MODEL

NETWORKS: Final = (CLASSIFIER, AUTOENCODER, FINDINGS_MODEL)
IDLE: Final = ("idle", "iowait", "guest", "guest_nice")  # a guest's time is in `user` already


@dataclass(frozen=True)
class Spent:
    """CPU seconds so far, or between two moments: of each kind of process, and of the whole machine."""

    by_role: Mapping[str, float]
    machine_s: float
    disk_s: float

    @classmethod
    def so_far(cls, roots: Mapping[str, list[psutil.Process]]) -> Self:
        """What the trees below these processes have spent, by what each process does."""
        seconds: defaultdict[str, float] = defaultdict(float)
        for role, processes in roots.items():
            for root in processes:
                seconds[role] += _own_s(root)
                for child in root.children(recursive=True) if role != "client" else ():
                    seconds[role_of(child)] += _own_s(child)
        times = psutil.cpu_times()._asdict()
        return cls(dict(seconds), sum(value for name, value in times.items() if name not in IDLE), times["iowait"])

    def __sub__(self, earlier: "Spent") -> "Spent":
        roles = {role: value - earlier.by_role.get(role, 0.0) for role, value in self.by_role.items()}
        return Spent(roles, self.machine_s - earlier.machine_s, self.disk_s - earlier.disk_s)

    @property
    def foreign_s(self) -> float:
        """What others computed; ticks of the clock may make it a little less than nothing."""
        return max(0.0, self.machine_s - sum(self.by_role.values()))


def role_of(process: psutil.Process) -> str:
    """What a process below the gateway or a worker does."""
    try:
        words = process.cmdline()
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return "gone"
    command = " ".join(words)
    if "triton_python_backend_stub" in command:
        return next((name for name in NETWORKS if f"/{name}/" in command), "triton")
    if "tritonserver" in command:
        return "triton"
    return "database" if "postgres" in process.name() else "decoding"


def _own_s(process: psutil.Process) -> float:
    """Its own seconds, and those of its children that are gone: PostgreSQL's sessions come and go."""
    try:
        return float(sum(process.cpu_times()[:4]))
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return 0.0
