"""One listener for the tests that only send."""

from collections.abc import Iterator

import pytest

from tests.integration.pacs.receiving.running_listener import RunningListener, running_listener
from tests.postgres import RunningPostgres


@pytest.fixture(scope="module")
def listener(tmp_path_factory: pytest.TempPathFactory, postgres: RunningPostgres) -> Iterator[RunningListener]:
    with running_listener(tmp_path_factory.mktemp("listener"), postgres.new_database()) as running:
        yield running
