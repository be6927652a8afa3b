"""What one study asks of each part: measured where a figure is from benchmarks/results, else worked out here.

Seconds are CPU seconds of one core of benchmarks/results/2026-11-23-limit.md (an Intel Xeon with AVX512-VNNI and AMX).
"""

from dataclasses import dataclass
from typing import Final

MB: Final = 1e6


@dataclass(frozen=True)
class Demand:
    """One study. `networks_s` is that of a core; a GPU's follows from `multiply_adds`."""

    upload_bytes: float
    gateway_s: float
    decode_s: float
    networks_s: float
    triton_s: float
    multiply_adds: float
    to_triton_bytes: float
    transactions: int
    audit_events: int
    kept_bytes: float
    """Report, evidence and rows; the upload itself comes on top."""


# Measured: 64 slices of 512 x 512, a zip of 18 MB, at concurrency 4.
PHANTOM: Final = Demand(
    upload_bytes=18 * MB,
    gateway_s=0.045,
    decode_s=0.118,
    networks_s=0.500,
    triton_s=0.009,
    multiply_adds=12 * (8_674_552_320 + 56_849_408 + 194_618_688),  # slices x export_manifest.json
    to_triton_bytes=12 * 6 * 224 * 224,  # five views and a lung mask, one byte a pixel
    transactions=15,  # upload 3, queue 4, attempt and progress 5, report 2, read 1
    audit_events=6,  # create, request, start, finish, read report, read slices
    kept_bytes=0.1 * MB,
)

# Worked out for a thin-slice study, 300 slices in a zip of 80 MB. The survey reads 300 headers, not 64 (19 ms were
# measured); twelve slices are decoded as before. A third of the gateway's 45 ms was the upload, and grows with it.
THIN_SLICES: Final = Demand(
    upload_bytes=80 * MB,
    gateway_s=0.030 + 0.015 * 80 / 18,
    decode_s=0.118 + 0.019 * (300 / 64 - 1),
    networks_s=PHANTOM.networks_s,
    triton_s=PHANTOM.triton_s,
    multiply_adds=PHANTOM.multiply_adds,
    to_triton_bytes=PHANTOM.to_triton_bytes,
    transactions=PHANTOM.transactions,
    audit_events=PHANTOM.audit_events,
    kept_bytes=PHANTOM.kept_bytes,
)

COMMIT_S: Final = 0.002  # assumed: a flush to an SSD behind a network; the audit's events are written one after another


@dataclass(frozen=True)
class Gpu:
    """Peak of the data sheet, in FP16 without sparsity; `reached` is the share that a ResNet gets of it."""

    name: str
    peak_flops: float
    reached: float = 0.15  # assumed; no GPU was at hand to measure

    def study_s(self, demand: Demand) -> float:
        """Seconds of this GPU for one study."""
        return 2 * demand.multiply_adds / (self.peak_flops * self.reached)


T4: Final = Gpu("T4", 65e12)
L4: Final = Gpu("L4", 121e12)
