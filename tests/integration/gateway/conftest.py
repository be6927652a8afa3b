"""One gateway for tests that only send requests; a test that damages its gateway starts its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from screening.phantom.phantom_study import write_phantom
from tests.integration.gateway.running_gateway import RunningGateway, running_gateway


@pytest.fixture(scope="session")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    with running_gateway(tmp_path_factory.mktemp("scratch")) as running:
        yield running


@pytest.fixture(scope="session")
def phantom(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A zip with a synthetic chest."""
    path = tmp_path_factory.mktemp("phantom") / "phantom.zip"
    write_phantom(path, slices=24, size=256)
    return path


@pytest.fixture(scope="session")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that is no study."""
    path = tmp_path_factory.mktemp("text") / "notes.txt"
    path.write_text("no DICOM here")
    return path
