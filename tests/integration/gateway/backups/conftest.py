"""A house, and one backup of it, which no test changes."""

import asyncio
import shutil
from pathlib import Path

import pytest

from tests.integration.gateway.backups.backup_service import CONTENTS, House
from tests.postgres import RunningPostgres


@pytest.fixture(scope="module")
def house(postgres: RunningPostgres, tmp_path_factory: pytest.TempPathFactory) -> House:
    house = House(postgres.new_database(), tmp_path_factory.mktemp("house"))
    asyncio.run(house.furnish(*CONTENTS))
    return house


@pytest.fixture(scope="module")
def whole(house: House, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    asyncio.run(house.backed_up(folder))
    return folder


@pytest.fixture
def archive(whole: Path, tmp_path: Path) -> Path:
    """A copy of the backup, to be hurt."""
    return Path(shutil.copytree(whole, tmp_path / "archive"))


@pytest.fixture
def empty(postgres: RunningPostgres, tmp_path: Path) -> House:
    """A database without a table, and a folder without a file."""
    return House(postgres.new_database("template1"), tmp_path / "empty")
