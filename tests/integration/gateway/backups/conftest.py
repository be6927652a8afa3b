"""An installation, and one backup of it, which no test changes."""

import asyncio
import shutil
from pathlib import Path

import pytest

from tests.integration.gateway.backups.installation import CONTENTS, Installation
from tests.postgres import RunningPostgres


@pytest.fixture(scope="module")
def installation(postgres: RunningPostgres, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    installation = Installation(postgres.new_database(), tmp_path_factory.mktemp("installation"))
    asyncio.run(installation.add_scans(*CONTENTS))
    return installation


@pytest.fixture(scope="module")
def backup_folder(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    asyncio.run(installation.back_up(folder))
    return folder


@pytest.fixture
def archive(backup_folder: Path, tmp_path: Path) -> Path:
    """A copy of the backup, for a test to damage."""
    return Path(shutil.copytree(backup_folder, tmp_path / "archive"))


@pytest.fixture
def empty(postgres: RunningPostgres, tmp_path: Path) -> Installation:
    """A database without a table, and a folder without a file."""
    return Installation(postgres.new_database("template1"), tmp_path / "empty")
