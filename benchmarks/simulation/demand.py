"""The cost of one study in each part: measured on two cores (`python -m benchmarks.two_workers`), or derived.

Seconds are CPU seconds of one such core, of studies that came alone. Multiply-adds are those that the export counted,
bytes to and from Triton those of the contract.
"""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Self

from benchmarks.two_workers.cpu_usage import NETWORKS
from benchmarks.two_workers.measurement import Alone, Record
from screening.contract import CLASSIFIER, EXPERT, VIEWS, Tensor
from screening.results.model_card import ModelCard

REPOSITORY: Final = Path(__file__).resolve().parent.parent.parent / "model_repository"
CARD: Final = ModelCard.load(REPOSITORY / "model_card.json")
THIN: Final = 300
READ: Final = 2  # assumed: a person opens the report and its slices, once each; a transaction and an audit event each


@dataclass(frozen=True)
class Demand:
    """One study. `networks_s` is that of a core; a GPU's follows from `multiply_adds`."""

    upload_bytes: float
    gateway_s: float
    decode_s: float
    worker_s: float
    """The worker's own process: the queue, requests to Triton, fusion, evidence."""
    networks_s: float
    triton_s: float
    database_s: float
    client_s: float
    multiply_adds: float
    to_triton_bytes: float
    from_triton_bytes: float
    transactions: float
    audit_events: float
    kept_bytes: float
    """Evidence and rows, without the upload."""

    @classmethod
    def of(cls, alone: Alone, record: Record) -> Self:
        """From studies of one kind, sent one at a time."""
        upload, run, card = alone.upload_cpu_s, alone.analysis_cpu_s, CARD
        ensemble = card.contract.ensemble
        views, augmented = card.slices_of_a_study, card.test_time_slices * (len(VIEWS) - 1)
        return cls(
            upload_bytes=alone.upload_bytes,
            gateway_s=upload["gateway"] + run["gateway"],
            decode_s=run["decoding"],
            worker_s=run["workers"],
            networks_s=sum(run.get(name, 0.0) for name in (*NETWORKS, EXPERT)),
            triton_s=run["triton"],
            database_s=upload["database"] + run["database"],
            client_s=upload["client"],
            multiply_adds=views * sum(multiply_adds().values()) + augmented * multiply_adds()[CLASSIFIER],
            to_triton_bytes=(views + augmented) * _bytes(ensemble.inputs),
            from_triton_bytes=views * _bytes(ensemble.outputs) + augmented * _bytes(card.contract.test_time.outputs),
            transactions=record.database.transactions + READ,
            audit_events=record.database.audit_events + READ,
            kept_bytes=record.database.kept_bytes,
        )

    def costing(self, factor: float) -> Self:
        """The same study where each part takes so many times its CPU seconds."""
        parts = ("gateway_s", "decode_s", "worker_s", "networks_s", "triton_s", "database_s", "client_s")
        return replace(self, **{name: factor * getattr(self, name) for name in parts})

    @property
    def cpu_s(self) -> float:
        """All CPU seconds of the service, without the client."""
        own = self.gateway_s + self.decode_s + self.worker_s + self.triton_s + self.database_s
        return own + self.networks_s


def multiply_adds() -> dict[str, int]:
    """Multiply-adds of one slice by network, as counted by the export."""
    manifest = json.loads((REPOSITORY / "export_manifest.json").read_text("utf-8"))
    found: dict[str, int] = manifest["multiply_adds_per_slice"]
    return found


def thin_slices(record: Record) -> Alone:
    """The studies of `THIN` slices; raises ValueError for a record that was made where no real study was at hand."""
    for one in record.alone:
        if one.slices == THIN:
            return one
    raise ValueError("this record has no real study: run benchmarks.two_workers where they are at hand")


def _bytes(tensors: tuple[Tensor, ...]) -> int:
    return sum(tensor.row_bytes for tensor in tensors)


MEASURED: Final = Record.newest()
PHANTOM: Final = Demand.of(MEASURED.alone[0], MEASURED)
THIN_SLICES: Final = Demand.of(thin_slices(MEASURED), MEASURED)
PHANTOMS: Final = PHANTOM.costing(MEASURED.on_busy_cores)  # where many come at once
MANY_THIN_SLICES: Final = THIN_SLICES.costing(MEASURED.on_busy_cores)
AUDIT_S: Final = MEASURED.database.audit_s  # the audit's events are written one after another


@dataclass(frozen=True)
class Gpu:
    """Peak of the data sheet, in FP16 without sparsity; `reached` is the share that a ResNet gets of it."""

    name: str
    peak_flops: float
    reached: float = 0.15  # assumed; no GPU was measured

    def study_s(self, demand: Demand) -> float:
        """Seconds of this GPU for one study."""
        return 2 * demand.multiply_adds / (self.peak_flops * self.reached)


T4: Final = Gpu("T4", 65e12)
L4: Final = Gpu("L4", 121e12)
