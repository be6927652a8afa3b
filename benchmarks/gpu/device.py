"""The GPU, its driver, and the releases of the libraries that were measured."""

import shutil
import subprocess
from importlib.metadata import PackageNotFoundError, version

from benchmarks.bench.results import Frozen

PACKAGES = (
    "onnxruntime-gpu",
    "onnxruntime",
    "tensorrt",
    "cuda-bindings",
    "nvidia-cuda-runtime",
    "nvidia-cudnn-cu13",
    "numpy",
    "onnx",
)
ASKED = "name,driver_version,memory.total,pcie.link.gen.max,pcie.link.width.max,clocks.max.sm,power.limit"


class Device(Frozen):
    """`gpu` is what nvidia-smi says, or why it says nothing."""

    gpu: str
    versions: dict[str, str]


def this_device() -> Device:
    """Ask nvidia-smi and the installed packages."""
    return Device(gpu=_gpu(), versions={name: found for name in PACKAGES if (found := _version(name))})


def _gpu() -> str:
    if shutil.which("nvidia-smi") is None:
        return "none: there is no nvidia-smi"
    command = ["nvidia-smi", f"--query-gpu={ASKED}", "--format=csv,noheader"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    except subprocess.TimeoutExpired:
        return "unknown: nvidia-smi did not answer in 30 s"
    if done.returncode != 0:
        return f"none: nvidia-smi ended with {done.returncode}: {(done.stdout + done.stderr).strip()[:200]}"
    return " | ".join(done.stdout.strip().splitlines()) + f" ({ASKED})"


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
