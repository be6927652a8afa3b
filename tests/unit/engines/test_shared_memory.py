"""Shared memory that is left when owner and guard are killed: deleted, and never that of a process that lives."""

import os
import subprocess
import sys
from pathlib import Path

from engines.shared_memory import delete_abandoned_segments


def segment(folder: Path, name: str) -> Path:
    path = folder / name
    path.write_bytes(b"slices of a patient")
    return path


def test_segments_of_an_ended_process_are_deleted(tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    left = segment(tmp_path, f"turnstile-{ended.pid}-1-triton_python_backend_shm_region_1")
    assert delete_abandoned_segments(tmp_path) == 1
    assert not left.exists()


def test_segments_of_a_process_that_lives_stay(tmp_path: Path) -> None:
    kept = segment(tmp_path, f"turnstile-{os.getpid()}-1-region")
    assert delete_abandoned_segments(tmp_path) == 0
    assert kept.exists()


def test_a_process_that_has_only_the_pid_of_the_owner_keeps_nothing(tmp_path: Path) -> None:
    left = segment(tmp_path, f"turnstile-{os.getpid()}-1-region")
    os.utime(left, (1, 1))
    assert delete_abandoned_segments(tmp_path) == 1


def test_what_has_another_name_stays(tmp_path: Path) -> None:
    names = {"turnstile-1", "turnstile-test-1-1-x", "PostgreSQL.12", "turnstile-x-1-y"}
    for name in names:
        segment(tmp_path, name)
    assert delete_abandoned_segments(tmp_path) == 0
    assert {path.name for path in tmp_path.iterdir()} == names
