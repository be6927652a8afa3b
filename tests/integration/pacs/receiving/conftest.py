"""One listener for the tests that only send."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.pacs.receiving.running_listener import RunningListener, running_listener
from tests.postgres import RunningPostgres


@pytest.fixture
def listener(tmp_path: Path, postgres: RunningPostgres) -> Iterator[RunningListener]:
    with running_listener(tmp_path, postgres.new_database()) as running:
        yield running
