"""Slices per second of every network by view size, precision and threads; measured in one run to be comparable."""

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import onnxruntime

from export.calibration_views import CalibrationViews
from export.model_repository import contract_of
from export.onnx_graph import write_onnx
from export.quantisation import write_int8
from export.targets import Precision
from export.weights import Checkpoints, load_networks
from screening.contract import Signature

SIZES: Final = (160, 192, 224, 256, 320, 512)
THREADS: Final = (1, 2)
ROUNDS: Final = 5
STUDY_SLICES: Final = 12
BATCH_SLICES: Final = 4


@dataclass(frozen=True)
class Speed:
    """The fastest of `ROUNDS` rounds over one study's slices; slower rounds were disturbed by other processes."""

    image_size: int
    model: str
    precision: Precision
    threads: int
    slices_per_s: float

    @property
    def study_ms(self) -> float:
        return 1000.0 * STUDY_SLICES / self.slices_per_s


def measure_speed(views: CalibrationViews, seed: int = 0) -> list[Speed]:
    """Measure networks with seeded weights in both precisions; the time does not depend on the weights."""
    networks = load_networks(Checkpoints(), views, seed).by_name()
    measured = []
    with tempfile.TemporaryDirectory() as folder:
        for signature in contract_of(views.image_size).steps:
            files: dict[Precision, Path] = {"fp32": Path(folder) / "fp32.onnx", "int8": Path(folder) / "int8.onnx"}
            write_onnx(networks[signature.model], signature, files["fp32"])
            write_int8(files["fp32"], signature, views, files["int8"])
            measured += _measure_interleaved(signature, files, views)
    return measured


def table(measured: Sequence[Speed]) -> str:
    """A Markdown table with one row for each size, network, precision and number of threads."""
    head = ["px | network | precision | threads | slices/s | ms a study of 12", "--- | --- | --- | --- | --- | ---"]
    return "\n".join(f"| {line} |" for line in (*head, *map(_row, measured)))


def _row(speed: Speed) -> str:
    form = f"{speed.image_size} | {speed.model} | {speed.precision} | {speed.threads}"
    return f"{form} | {speed.slices_per_s:.0f} | {speed.study_ms:.0f}"


def _measure_interleaved(signature: Signature, files: dict[Precision, Path], views: CalibrationViews) -> list[Speed]:
    """Rounds of all forms are interleaved, so that a disturbance of the machine affects all of them."""
    sessions = {
        (precision, threads): _session(path, threads) for precision, path in files.items() for threads in THREADS
    }
    names = [tensor.name for tensor in signature.inputs]
    feeds = [
        {name: batch[name] for name in names} for batch in views.batches(BATCH_SLICES)[: STUDY_SLICES // BATCH_SLICES]
    ]
    slices = sum(len(feed["views"]) for feed in feeds)
    best = dict.fromkeys(sessions, float("inf"))
    for _ in range(ROUNDS):
        for form, session in sessions.items():
            started = time.perf_counter()
            for feed in feeds:
                session.run(None, feed)
            best[form] = min(best[form], time.perf_counter() - started)
    return [
        Speed(views.image_size, signature.model, precision, threads, slices / seconds)
        for (precision, threads), seconds in best.items()
    ]


def _session(path: Path, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
