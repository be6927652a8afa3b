"""A gateway with records and no networks, and those who ask it: a doctor, a researcher, and a doctor from elsewhere."""

from collections.abc import Callable, Iterator

import httpx
import pytest

from gateway.permissions import Role
from tests.integration.gateway.auth.api_calls import gateway_without_networks, make_token
from tests.integration.gateway.records.stored_scans import Kept
from tests.integration.gateway.running_gateway import RunningGateway


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory, database_url: str) -> Iterator[RunningGateway]:
    with gateway_without_networks(tmp_path_factory.mktemp("records"), database_url) as running:
        yield running


@pytest.fixture(scope="module")
def kept(records: RunningGateway) -> Kept:
    return Kept(records)


@pytest.fixture(scope="module")
def asker(records: RunningGateway, database_url: str) -> Callable[..., httpx.Client]:
    """A client with a token of its own."""

    def client(role: Role, institution: str = "st-anna") -> httpx.Client:
        token = make_token(database_url, role, institution)
        return records.client(headers={"Authorization": f"Bearer {token}"})

    return client


@pytest.fixture(scope="module")
def doctor(asker: Callable[..., httpx.Client]) -> Iterator[httpx.Client]:
    with asker(Role.RADIOLOGIST) as client:
        yield client


@pytest.fixture(scope="module")
def researcher(asker: Callable[..., httpx.Client]) -> Iterator[httpx.Client]:
    with asker(Role.RESEARCHER) as client:
        yield client


@pytest.fixture(scope="module")
def stranger(asker: Callable[..., httpx.Client]) -> Iterator[httpx.Client]:
    """A doctor of another institution."""
    with asker(Role.RADIOLOGIST, "elsewhere") as client:
        yield client
