"""A gateway with a worker, for all tests of a module."""

from collections.abc import Iterator

import pytest

from tests.integration.gateway.analyses.scan_calls import Scans
from tests.integration.gateway.running_gateway import RunningGateway, running_gateway


@pytest.fixture(scope="module")
def gateway_with_worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    folder = tmp_path_factory.mktemp("working") / "scratch"
    folder.mkdir()
    with running_gateway(folder) as running:
        yield running


@pytest.fixture
def scans(gateway_with_worker: RunningGateway) -> Scans:
    return Scans(gateway_with_worker)
