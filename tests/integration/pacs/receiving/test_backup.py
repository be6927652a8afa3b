"""A backup holds the instances that wait, and a restored service makes their scan."""

import os
import subprocess
import sys
from pathlib import Path

from tests.integration.pacs.receiving.running_listener import running_listener
from tests.integration.pacs.receiving.senders import ct_study, sent
from tests.postgres import RunningPostgres


def turnstile(folder: Path, database_url: str, *arguments: str) -> None:
    environ = {"TURNSTILE_DATABASE_URL": database_url, "TURNSTILE_BLOB_URL": str(folder / "blobs")}
    environ["TURNSTILE_SCRATCH_FOLDER"] = str(folder / "scratch")
    command = [sys.executable, "-m", "gateway.cli", *arguments]
    done = subprocess.run(command, env={**os.environ, **environ}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_what_waits_is_backed_up(tmp_path: Path, postgres: RunningPostgres) -> None:
    before, after, archive = tmp_path / "before", tmp_path / "after", tmp_path / "archive"
    for folder in (before, after):
        (folder / "scratch").mkdir(parents=True)
    old, new = postgres.new_database(), postgres.new_database("template1")
    with running_listener(before, old, pacs_complete_after_s=3600.0) as listener:
        assert sent(listener.port, ct_study("2.25.401", 3)) == [0, 0, 0]
        turnstile(before, old, "backup", str(archive))
    turnstile(after, new, "restore", str(archive))
    with running_listener(after, new) as listener:
        listener.scans("2.25.401")
        assert len(listener.instances("2.25.401")) == 3
