"""What a killed service leaves: nothing that other users can read, and nothing at all once it is started again."""

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import pytest

from engines.parent_death_guard import SHARED_MEMORY
from gateway.settings.settings import ROOT
from tests.integration.gateway.records.upload_calls import create_patient_id, fake_zip, upload
from tests.integration.polling import until

PATIENCE_S = 300.0
NO_TRITON = "127.0.0.1:9"  # discard (RFC 863): storing a scan needs none


@pytest.fixture
def folder() -> Iterator[Path]:
    """With a path short enough for the sockets in it."""
    with TemporaryDirectory(prefix="owner-") as name:
        yield Path(name)


def test_nothing_of_a_killed_service_is_open_or_left(folder: Path) -> None:
    (folder / "data" / "blobs").mkdir(parents=True)
    (folder / "tmp").mkdir()
    for path in (folder, folder / "data", folder / "data" / "blobs", folder / "tmp"):
        path.chmod(0o755)
    with started(folder) as (url, process):
        store_scan(url)
        segment = SHARED_MEMORY / f"turnstile-{process.pid}-1-region"  # as Triton makes them
        segment.write_bytes(b"slices of a patient")
        process.send_signal(signal.SIGKILL)
        process.wait()
    left = set((folder / "tmp").iterdir())
    assert left
    assert found_open(folder) == []
    with started(folder) as (_, process):
        assert not segment.exists()
        assert not left & set((folder / "tmp").iterdir())
        assert found_open(folder) == []
        process.send_signal(signal.SIGTERM)
        assert process.wait(120) == 0
    assert list((folder / "tmp").iterdir()) == []


def found_open(folder: Path) -> list[Path]:
    """What other users may read or enter; the temporary folder itself is open as /tmp is."""
    inside = [path for one in (folder / "tmp").iterdir() for path in open_to_others(one)]
    return [*open_to_others(folder / "data"), *open_to_others(folder / "home"), *inside]


def store_scan(url: str) -> None:
    with httpx.Client(base_url=url, trust_env=False, timeout=60) as client:
        assert upload(client, create_patient_id(client), fake_zip("owner only")).status_code == 201


def open_to_others(folder: Path) -> list[Path]:
    """What the group or other users may read or enter, in the folder and below it."""
    found = []
    for parent, _, files in os.walk(folder):
        for path in (Path(parent), *(Path(parent, name) for name in files)):
            with suppress(FileNotFoundError):
                mode = path.lstat().st_mode
                if not stat.S_ISLNK(mode) and mode & 0o077:
                    found.append(path)
    return found


@contextmanager
def started(folder: Path) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    """`turnstile up` with its own PostgreSQL, started by a user whose files are open to all."""
    address = folder / "address"
    address.unlink(missing_ok=True)
    environ = {
        "TURNSTILE_DATA_FOLDER": str(folder / "data"),
        "TURNSTILE_HOME": str(folder / "home"),
        "TURNSTILE_TRITON_URL": NO_TRITON,
        "TURNSTILE_WORKERS": "0",
        "TMPDIR": str(folder / "tmp"),
    }
    command = [sys.executable, "-m", "gateway.cli", "up", "--port", "0"]
    with address.open("wb") as output:
        process = subprocess.Popen(command, env=os.environ | environ, cwd=ROOT, stdout=output, umask=0o022)
    try:
        until(lambda: "Ctrl-C stops" in address.read_text() or process.poll() is not None, PATIENCE_S)
        assert process.poll() is None
        yield next(word for word in address.read_text().split() if word.startswith("http://")), process
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
