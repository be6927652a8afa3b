"""Targets: the kinds of machine that serve the repository, and how each network is served there."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

from screening.contract import AUTOENCODER, CLASSIFIER, EXPERT, FINDINGS_MODEL, Priority

TargetName = Literal["cpu", "cuda", "tensorrt"]
Precision = Literal["fp32", "fp16", "int8"]

# Features of Triton that are not used: the rate limiter and the response cache (measured: docs/adr/0016), two
# versions at once (docs/adr/0014).
QUEUE_LIMIT: Final = 512  # requests of one priority; the gateway's admission stays far below, other clients may not
# A request may set a shorter timeout, not a longer one. Mass runs wait behind all others, up to the limit of a study.
QUEUE_TIMEOUT_US: Final[Mapping[Priority, int]] = {
    Priority.URGENT: 30_000_000,
    Priority.ROUTINE: 30_000_000,
    Priority.MASS: 120_000_000,
}


@dataclass(frozen=True)
class Serving:
    """How one network runs.

    `precision` is that of the ONNX file; `threads` and `instances` are Triton's (0 threads: one for each core);
    `preferred_batches` and `delay_us` are the batch sizes for which the dynamic batcher waits, and its maximum wait.
    With `openvino`, OpenVINO runs the ONNX file in place of ONNX Runtime.
    """

    precision: Precision
    max_batch: int
    instances: int
    threads: int = 1
    preferred_batches: tuple[int, ...] = ()
    delay_us: int = 0
    openvino: bool = False


@dataclass(frozen=True)
class Target:
    """A kind of machine. With `plan`, TensorRT serves a plan; otherwise ONNX Runtime serves ONNX."""

    name: TargetName
    gpu: bool
    plan: bool
    serving: Mapping[str, Serving]

    def with_precision(self, precision: Precision) -> "Target":
        """The same target with this precision of the classifier, which is 96 % of the arithmetic."""
        classifier = replace(self.serving[CLASSIFIER], precision=precision)
        return replace(self, serving={**self.serving, CLASSIFIER: classifier})

    def with_instances(self, count: int) -> "Target":
        """The same target with this number of instances of the classifier; on a CPU, one for each core."""
        classifier = replace(self.serving[CLASSIFIER], instances=count)
        return replace(self, serving={**self.serving, CLASSIFIER: classifier})


# CPU: batches of 1 and of 24 slices run equally fast (33 slices/s per core), so the batcher does not wait, and batches
# of 8 limit the memory. Two instances of one thread are as fast as one of two threads, without threads that wait in a
# spin loop. The small networks have two instances as well: with one, Triton's batcher now and then waited half a second
# although the instance was free (24 requests of six slices through the ensemble: 6.5 s, with two instances 2.0 s). The
# expert waited so, too (16 blocks at once: 7.0 s; two instances and three blocks at once: 1.5 s). INT8 makes the
# classifier 3.0 times as fast, and the expert 2.1 times with VNNI, 1.5 times with AVX2 alone (docs/adr/0022);
# autoencoder and findings together take 30 ms a study in FP32.
_CPU: Final = Target(
    name="cpu",
    gpu=False,
    plan=False,
    serving={
        CLASSIFIER: Serving("int8", max_batch=8, instances=2),
        AUTOENCODER: Serving("fp32", max_batch=8, instances=2),
        FINDINGS_MODEL: Serving("fp32", max_batch=8, instances=2),
        EXPERT: Serving("int8", max_batch=1, instances=2, openvino=True),
    },
)

# GPU: throughput grows with the batch, so the batcher waits up to 2 ms, which is short for a study. With two instances,
# one copies while the other computes. For ONNX Runtime the files stay FP32, and its TensorRT provider converts them;
# plans are made of FP16 files, since TensorRT 11 takes the precision from the graph. Preferred batches are multiples of
# the six slices that the gateway sends at once; batches of 16, 32 and 64 never occurred.
_GPU_SERVING: Final = {
    CLASSIFIER: Serving("fp32", max_batch=64, instances=2, preferred_batches=(24, 48), delay_us=2000),
    AUTOENCODER: Serving("fp32", max_batch=64, instances=1, preferred_batches=(24, 48), delay_us=2000),
    FINDINGS_MODEL: Serving("fp32", max_batch=64, instances=1, preferred_batches=(24, 48), delay_us=2000),
    EXPERT: Serving("fp32", max_batch=16, instances=1, preferred_batches=(8, 16), delay_us=2000),
}

_PLAN_SERVING: Final = {model: replace(serving, precision="fp16") for model, serving in _GPU_SERVING.items()}

TARGETS: Final[Mapping[TargetName, Target]] = {
    "cpu": _CPU,
    "cuda": Target(name="cuda", gpu=True, plan=False, serving=_GPU_SERVING),
    "tensorrt": Target(name="tensorrt", gpu=True, plan=True, serving=_PLAN_SERVING),
}
