"""What a killed service leaves: nothing that other users can read, and nothing at all once it is started again."""

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx

from engines.parent_death_guard import SHARED_MEMORY
from gateway.settings.settings import ROOT
from tests.integration.gateway.records.upload_calls import create_patient_id, fake_zip, upload
from tests.integration.polling import until

PATIENCE_S = 300.0
NO_TRITON = "127.0.0.1:9"  # discard (RFC 863): storing a scan needs none


def test_nothing_of_a_killed_service_is_open_or_left(tmp_path: Path) -> None:
    data, temporary = tmp_path / "data", tmp_path / "tmp"
    (data / "blobs").mkdir(parents=True)
    temporary.mkdir()
    for folder in (data, data / "blobs"):
        folder.chmod(0o755)
    with started(tmp_path) as (url, process):
        store_scan(url)
        segment = SHARED_MEMORY / f"turnstile-{process.pid}-1-region"  # as Triton makes them
        segment.write_bytes(b"slices of a patient")
        assert open_to_others(data) == []
        left = set(temporary.iterdir())
        assert left
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert open_to_others(data, temporary) == []
    with started(tmp_path) as (_, process):
        assert not segment.exists()
        assert not left & set(temporary.iterdir())
        assert open_to_others(data, temporary) == []
        process.send_signal(signal.SIGTERM)
        assert process.wait(120) == 0
    assert list(temporary.iterdir()) == []


def store_scan(url: str) -> None:
    with httpx.Client(base_url=url, trust_env=False, timeout=60) as client:
        assert upload(client, create_patient_id(client), fake_zip("owner only")).status_code == 201


def open_to_others(*folders: Path) -> list[Path]:
    """Files and folders that the group or other users may read or enter, in folders that they may enter."""
    found = []
    for folder in folders:
        for parent, _, files in os.walk(folder):
            for path in (Path(parent), *(Path(parent, name) for name in files)):
                with suppress(FileNotFoundError):
                    mode = path.lstat().st_mode
                    if path != folders[-1] and not stat.S_ISLNK(mode) and mode & 0o077:
                        found.append(path)
    return [path for path in found if path.name != "tmp"]


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
