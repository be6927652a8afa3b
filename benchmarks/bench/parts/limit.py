"""ONNX Runtime alone: the upper limit on this machine."""

from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.bench.context import Bench
from benchmarks.bench.results import LimitResult, Results
from benchmarks.onnx_alone import measure_limit
from benchmarks.service_limit import prepared


def measure(bench: Bench, _known: Results) -> LimitResult:
    """Studies and slices of the first study's tensors, with the threads and instances that Triton serves."""
    with TemporaryDirectory(prefix="turnstile-bench-") as folder:
        study = prepared(bench.uploads[0], Path(folder) / "scratch")
    limit = measure_limit(bench.repository, study, bench.plan.limit_studies)
    return LimitResult(
        studies_per_minute=limit.studies_per_minute,
        slices_per_s=limit.studies_per_minute * len(study.views) / 60,
        ms_by_model={model: 1000 * seconds for model, seconds in limit.seconds_by_model.items()},
    )
