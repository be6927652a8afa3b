"""The repository with the FP32 graphs: the one at hand, or exported from the shipped checkpoints."""

import shlex
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from benchmarks.service_limit import REPOSITORY

WEIGHTS = REPOSITORY.parent / "weights"


def export_command(folder: Path) -> list[str]:
    """What writes it: the decision is the one in force, from the shipped model card."""
    networks = ("classifier", "autoencoder", "findings", "expert3d")
    checkpoints = [word for name in networks for word in (f"--{name}", str(WEIGHTS / f"{name}.pt"))]
    rules = ["--expert-rules", str(WEIGHTS / "expert3d.json"), "--decision", str(REPOSITORY / "model_card.json")]
    return [sys.executable, "-m", "export", "--target", "cuda", *checkpoints, *rules, "--output", str(folder)]


def fp32_repository(folder: Path) -> Path:
    """The folder, exported if it does not exist. Raises ValueError where torch is missing, or the export fails."""
    if (folder / "model_card.json").exists():
        return folder
    command = export_command(folder)
    if find_spec("torch") is None:
        raise ValueError(f"{folder} does not exist. Where torch is installed, run: {shlex.join(command[1:])}")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ValueError(f"the export of {folder} failed: {done.stderr.strip()[-400:]}")
    return folder
