"""A gateway without networks, and clients: a radiologist, a researcher, and a radiologist of another institution."""

from collections.abc import Callable, Iterator

import httpx
import pytest

from gateway.permissions import Role
from tests.integration.gateway.auth.api_calls import gateway_without_networks, make_token
from tests.integration.gateway.records.stored_scans import StoredScans
from tests.integration.gateway.running_gateway import RunningGateway

OFTEN = "100000 per minute"  # tests of deletion ask for thousands of records that are gone


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory, database_url: str) -> Iterator[RunningGateway]:
    with gateway_without_networks(tmp_path_factory.mktemp("records"), database_url, not_found_rate=OFTEN) as running:
        yield running


@pytest.fixture(scope="module")
def stored_scans(records: RunningGateway) -> StoredScans:
    return StoredScans(records)


@pytest.fixture(scope="module")
def client_for(records: RunningGateway, database_url: str) -> Callable[..., httpx.Client]:
    """Creates a client with a new token of a role and an institution."""

    def client(role: Role, institution: str = "st-anna") -> httpx.Client:
        token = make_token(database_url, role, institution)
        return records.client(headers={"Authorization": f"Bearer {token}"})

    return client


@pytest.fixture(scope="module")
def radiologist(client_for: Callable[..., httpx.Client]) -> Iterator[httpx.Client]:
    with client_for(Role.RADIOLOGIST) as client:
        yield client


@pytest.fixture(scope="module")
def researcher(client_for: Callable[..., httpx.Client]) -> Iterator[httpx.Client]:
    with client_for(Role.RESEARCHER) as client:
        yield client


@pytest.fixture(scope="module")
def other_institution(client_for: Callable[..., httpx.Client]) -> Iterator[httpx.Client]:
    """A radiologist of another institution."""
    with client_for(Role.RADIOLOGIST, "elsewhere") as client:
        yield client
