"""The servers and bandwidth for a number of studies a day, calculated for the peak hour."""

from dataclasses import dataclass
from math import ceil
from typing import Final

from benchmarks.simulation.demand import AUDIT_S, Demand, Gpu

DAY_S: Final = 86_400.0
FULL: Final = 0.7  # maximum utilisation; above it waiting grows steeply


@dataclass(frozen=True)
class Load:
    """Studies a day; at the peak hour `peak` times the day's mean."""

    studies_per_day: int
    peak: float

    @property
    def peak_per_s(self) -> float:
        """Studies a second in the peak hour."""
        return self.studies_per_day * self.peak / DAY_S


@dataclass(frozen=True)
class Need:
    """The demand of the peak hour; servers are counted for at most 70 % utilisation."""

    studies_per_s: float
    gateways: int
    worker_cores: int
    network_cores: int
    database_cores: int
    gpus: int
    ingress_mbit_s: float
    triton_mbit_s: float
    transactions_per_s: float
    audit_busy: float
    stored_tb_per_day: float

    @property
    def bottleneck(self) -> str:
        """The resource that needs the most machines of 16 cores and 10 Gbit/s."""
        machines = {
            "networks": self.network_cores / 16,
            "decoding": self.worker_cores / 16,
            "database": self.database_cores / 16,
            "gateways": self.gateways / 16,
            "wires": self.ingress_mbit_s / 10_000,
            "audit": self.audit_busy,
        }
        return max(machines, key=lambda part: machines[part])


def need(load: Load, demand: Demand, gpu: Gpu) -> Need:
    """Servers and bytes for the load."""
    rate = load.peak_per_s
    return Need(
        studies_per_s=rate,
        gateways=servers(rate * demand.gateway_s),
        worker_cores=servers(rate * (demand.decode_s + demand.worker_s)),
        network_cores=servers(rate * (demand.networks_s + demand.triton_s)),
        database_cores=servers(rate * demand.database_s),
        gpus=servers(rate * gpu.study_s(demand)),
        ingress_mbit_s=rate * demand.upload_bytes * 8 / 1e6,
        triton_mbit_s=rate * demand.to_triton_bytes * 8 / 1e6,
        transactions_per_s=rate * demand.transactions,
        audit_busy=rate * demand.audit_events * AUDIT_S,
        stored_tb_per_day=load.studies_per_day * (demand.upload_bytes + demand.kept_bytes) / 1e12,
    )


def servers(load: float) -> int:
    """Servers for an offered load (arrival rate x service time), each at most 70 % utilised."""
    return max(1, ceil(load / FULL))
