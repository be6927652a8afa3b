"""CPU seconds by kind of process, of the cluster and of all other programs on the machine."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

import psutil

from screening.contract import AUTOENCODER, CLASSIFIER, EXPERT, FINDINGS_MODEL

NETWORKS: Final = (CLASSIFIER, AUTOENCODER, FINDINGS_MODEL)
IDLE: Final = ("idle", "iowait", "guest", "guest_nice")  # a guest's time is in `user` already


@dataclass(frozen=True)
class CpuSeconds:
    """CPU seconds so far, or between two times: of each kind of process, and of the whole machine."""

    by_role: Mapping[str, float]
    machine_s: float
    disk_s: float

    @classmethod
    def read_so_far(cls, roots: Mapping[str, list[psutil.Process]]) -> Self:
        """CPU seconds of these processes and their children, by role."""
        seconds: defaultdict[str, float] = defaultdict(float)
        for role, processes in roots.items():
            for root in processes:
                seconds[role] += _own_seconds(root)
                for child in root.children(recursive=True) if role != "client" else ():
                    seconds[role_of(child)] += _own_seconds(child)
        times = psutil.cpu_times()._asdict()
        return cls(dict(seconds), sum(value for name, value in times.items() if name not in IDLE), times["iowait"])

    def __sub__(self, earlier: "CpuSeconds") -> "CpuSeconds":
        roles = {role: value - earlier.by_role.get(role, 0.0) for role, value in self.by_role.items()}
        return CpuSeconds(roles, self.machine_s - earlier.machine_s, self.disk_s - earlier.disk_s)

    @property
    def other_programs_s(self) -> float:
        """CPU seconds of other programs; the resolution of the clock may make it slightly negative."""
        return max(0.0, self.machine_s - sum(self.by_role.values()))


def role_of(process: psutil.Process) -> str:
    """The role of a child process of the gateway or a worker."""
    try:
        words = process.cmdline()
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return "gone"
    command = " ".join(words)
    if "triton_python_backend_stub" in command:
        return next((name for name in (*NETWORKS, EXPERT) if f"/{name}/" in command), "triton")
    if "tritonserver" in command:
        return "triton"
    return "database" if "postgres" in process.name() else "decoding"


def _own_seconds(process: psutil.Process) -> float:
    """Its own seconds, and those of children that have ended, as PostgreSQL's sessions do."""
    try:
        return float(sum(process.cpu_times()[:4]))
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return 0.0
