"""A Triton that serves the repository of tiny models."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from engines.triton_server import TritonServer
from tests.integration.engines.tiny_models import write_repository


@pytest.fixture(scope="session")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_repository(tmp_path_factory.mktemp("models"))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(repository: Path) -> AsyncIterator[TritonServer]:
    """One server for all tests of a module that do not change it."""
    async with TritonServer(repository) as server:
        yield server
