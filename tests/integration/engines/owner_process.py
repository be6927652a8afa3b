"""Starts the process that owns a server, so that a test can kill it."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def start_owner(module: str, folder: Path) -> tuple[subprocess.Popen[str], list[str]]:
    """Run `tests.integration.engines.<module>` on the folder; the process, and the words of its first line."""
    command = [sys.executable, "-m", f"tests.integration.engines.{module}", str(folder)]
    owner = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert owner.stdout
    with owner.stdout:
        return owner, owner.stdout.readline().split()
