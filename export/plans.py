"""TensorRT plans: built if `trtexec` is installed, else only the command to build them is given."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from export.errors import PlanFailed
from export.model_config import shapes
from export.targets import Serving
from screening.contract import Signature

TRTEXEC_IN_CONTAINER: Final = "/usr/src/tensorrt/bin"  # its folder in NVIDIA's images, which is not in PATH


@dataclass(frozen=True)
class Plan:
    """`command` builds the plan: to be run in the repository on a machine with TensorRT."""

    built: bool
    command: tuple[str, ...]


def build_plan(repository: Path, signature: Signature, serving: Serving) -> Plan:
    """Build `model.plan` beside `model.onnx`. A plan needs the GPU model and TensorRT version that built it."""
    arguments = _arguments(signature, serving)
    trtexec = shutil.which("trtexec") or shutil.which("trtexec", path=TRTEXEC_IN_CONTAINER)
    if trtexec is None:
        return Plan(built=False, command=("trtexec", *arguments))
    finished = subprocess.run([trtexec, *arguments], cwd=repository, capture_output=True, text=True, check=False)
    if finished.returncode != 0:
        raise PlanFailed(f"{signature.model}: trtexec ended with {finished.returncode}: {finished.stderr[-2000:]}")
    return Plan(built=True, command=("trtexec", *arguments))


def _arguments(signature: Signature, serving: Serving) -> tuple[str, ...]:
    return (
        f"--onnx={signature.model}/1/model.onnx",
        f"--saveEngine={signature.model}/1/model.plan",
        "--skipInference",
        f"--minShapes={shapes(signature, 1)}",
        f"--optShapes={shapes(signature, serving.preferred_batches[0])}",
        f"--maxShapes={shapes(signature, serving.max_batch)}",
    )
