"""The command `turnstile migrate`."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

from engines.postgres_server import PostgresServer
from gateway.database.connection import Database
from gateway.database.migration import why_not_current
from tests.postgres import RunningPostgres


def migrate(home: Path, **settings: str) -> "subprocess.CompletedProcess[str]":
    """Run the command in a new process."""
    named = {f"TURNSTILE_{name.upper()}": value for name, value in settings.items()}
    environ = (
        os.environ | {"COLUMNS": "160", "PYTHONPATH": os.pathsep.join(sys.path), "TURNSTILE_HOME": str(home)} | named
    )
    command = [sys.executable, "-m", "gateway.cli", "migrate"]
    return subprocess.run(command, env=environ, capture_output=True, text=True, timeout=300, check=False)


async def test_a_named_database_is_migrated_repeatedly(postgres: RunningPostgres, tmp_path: Path) -> None:
    url = postgres.new_database("template1")
    for _ in range(2):
        run = await asyncio.to_thread(migrate, tmp_path, database_url=url)
        assert (run.returncode, "up to date" in run.stdout) == (0, True), run.stderr
    database = Database(url)
    assert await why_not_current(database) is None
    await database.close()


async def test_an_embedded_database_is_created_and_a_locked_one_is_refused(tmp_path: Path) -> None:
    assert (await asyncio.to_thread(migrate, tmp_path)).returncode == 0
    async with PostgresServer(tmp_path / "data", home=tmp_path):
        run = await asyncio.to_thread(migrate, tmp_path)
    assert run.returncode == 1
    assert "another Turnstile keeps its database in" in " ".join(run.stderr.split())


async def test_an_unreachable_database_is_an_error_without_its_password(tmp_path: Path) -> None:
    url = "postgresql://turnstile:geheim@127.0.0.1:9/turnstile"
    run = await asyncio.to_thread(migrate, tmp_path, database_url=url, database_start_s="0.1")
    assert (run.returncode, "the database does not answer" in run.stderr) == (1, True)
    assert "geheim" not in run.stdout + run.stderr
    assert "Traceback" not in run.stderr
