"""A gateway whose worker tries again and takes over quickly."""

from collections.abc import Iterator

import pytest

from tests.integration.gateway.jobs.scans import Scans
from tests.integration.gateway.running import RunningGateway, running_gateway


@pytest.fixture(scope="module")
def working(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    folder = tmp_path_factory.mktemp("working") / "scratch"
    folder.mkdir()
    with running_gateway(folder, takeover_s=2.0, deadline_s=4.0, decode_timeout_s=4.0) as running:
        yield running


@pytest.fixture
def scans(working: RunningGateway) -> Scans:
    return Scans(working)
