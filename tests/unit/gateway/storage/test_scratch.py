"""The scratch folder of a process, and what killed processes left beside it."""

import subprocess
import sys
from pathlib import Path

import pytest

from engines.parent_death_guard import SHARED_MEMORY
from gateway.errors import StorageUnavailable
from gateway.storage.scratch import PREFIX, open_scratch
from tests.integration.polling import until_soon


async def test_what_killed_processes_left_is_deleted_while_the_process_runs(tmp_path: Path) -> None:
    async with open_scratch(tmp_path, sweep_interval_s=0.01) as own:
        left = tmp_path / f"{PREFIX}left"
        left.mkdir()
        (left / "upload-0").write_bytes(b"a patient's data")
        await until_soon(lambda: not left.exists())
        assert own.is_dir()
    assert not own.exists()


async def test_a_folder_that_cannot_be_made_is_named_by_its_setting(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageUnavailable, match="TURNSTILE_SCRATCH_FOLDER"):
        await open_scratch(tmp_path / "file" / "scratch").__aenter__()


async def test_shared_memory_of_killed_processes_is_deleted_with_it(tmp_path: Path) -> None:
    left = SHARED_MEMORY / f"turnstile-{pid_of_ended()}-1-region"
    left.write_bytes(b"slices of a patient")
    async with open_scratch(tmp_path):
        assert not left.exists()


def pid_of_ended() -> int:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    return ended.pid
