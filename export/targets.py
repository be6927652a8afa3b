"""Where the repository will run, and how each network is served there: one table."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

from screening.contract import AUTOENCODER, CLASSIFIER, FINDINGS_MODEL, Priority

TargetName = Literal["cpu", "cuda", "tensorrt"]
Precision = Literal["fp32", "int8"]

# What Triton offers besides, and is not used: the rate limiter and the response cache (measured: docs/adr/0016), two
# versions at once (docs/adr/0014).
QUEUE_LIMIT: Final = 512  # requests of one priority; the gateway's admission stays far below, this stops who has none
# A request may ask for less, never for more patience. A mass run waits behind everybody, as long as a study may take.
QUEUE_TIMEOUT_US: Final[Mapping[Priority, int]] = {
    Priority.URGENT: 30_000_000,
    Priority.ROUTINE: 30_000_000,
    Priority.MASS: 120_000_000,
}


@dataclass(frozen=True)
class Serving:
    """How one network runs.

    `precision` is that of the ONNX file; `threads` and `instances` are Triton's, 0 threads meaning one a core;
    `preferred_batches` and `delay_us` tell the dynamic batcher what is worth waiting for, and how long.
    """

    precision: Precision
    max_batch: int
    instances: int
    threads: int = 1
    preferred_batches: tuple[int, ...] = ()
    delay_us: int = 0


@dataclass(frozen=True)
class Target:
    """A kind of machine. `plan` says that TensorRT serves its own plan instead of ONNX Runtime serving ONNX."""

    name: TargetName
    gpu: bool
    plan: bool
    serving: Mapping[str, Serving]

    def with_precision(self, precision: Precision) -> "Target":
        """The same target with the classifier, which is 96 % of the arithmetic, in this precision."""
        classifier = replace(self.serving[CLASSIFIER], precision=precision)
        return replace(self, serving={**self.serving, CLASSIFIER: classifier})

    def with_instances(self, count: int) -> "Target":
        """The same target with so many instances of the classifier: one a core on a CPU."""
        classifier = replace(self.serving[CLASSIFIER], instances=count)
        return replace(self, serving={**self.serving, CLASSIFIER: classifier})


# CPU: batches of 1 and of 24 slices run equally fast (33 slices/s a core), so nothing waits for a batch, and 8 slices
# bound the memory. Two instances of one thread equal one of two threads, without threads that spin for work. INT8 pays
# where the arithmetic is: 3.0 times for the classifier; autoencoder and findings together are 30 ms a study in FP32.
_CPU: Final = Target(
    name="cpu",
    gpu=False,
    plan=False,
    serving={
        CLASSIFIER: Serving("int8", max_batch=8, instances=2),
        AUTOENCODER: Serving("fp32", max_batch=8, instances=1),
        FINDINGS_MODEL: Serving("fp32", max_batch=8, instances=1),
    },
)

# GPU: throughput grows with the batch, so the batcher waits up to 2 ms, a fraction of what a study takes; two instances
# let one copy while the other computes. The ONNX stays FP32: TensorRT makes FP16 of it, on the GPU that it finds.
# Preferred batches are sums of the six slices that the gateway sends at once; 16, 32 and 64 never came about.
_GPU_SERVING: Final = {
    CLASSIFIER: Serving("fp32", max_batch=64, instances=2, preferred_batches=(24, 48), delay_us=2000),
    AUTOENCODER: Serving("fp32", max_batch=64, instances=1, preferred_batches=(24, 48), delay_us=2000),
    FINDINGS_MODEL: Serving("fp32", max_batch=64, instances=1, preferred_batches=(24, 48), delay_us=2000),
}

TARGETS: Final[Mapping[TargetName, Target]] = {
    "cpu": _CPU,
    "cuda": Target(name="cuda", gpu=True, plan=False, serving=_GPU_SERVING),
    "tensorrt": Target(name="tensorrt", gpu=True, plan=True, serving=_GPU_SERVING),
}
