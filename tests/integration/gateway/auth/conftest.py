"""An identity provider, a gateway that uses it, and a gateway without a login."""

from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from tests.integration.gateway.auth.api_calls import gateway_without_networks
from tests.integration.gateway.auth.fake_provider import CLIENT_ID, CLIENT_SECRET, Provider, running_provider
from tests.integration.gateway.running_gateway import RunningGateway


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with running_provider() as running:
        yield running


@pytest.fixture(scope="module")
def oidc_gateway(
    tmp_path_factory: pytest.TempPathFactory, database_url: str, provider: Provider
) -> Iterator[RunningGateway]:
    """A gateway that accepts OIDC logins and API tokens only."""
    with gateway_without_networks(
        tmp_path_factory.mktemp("oidc"),
        database_url,
        oidc_issuer=provider.issuer,
        oidc_client_id=CLIENT_ID,
        oidc_client_secret=SecretStr(CLIENT_SECRET),
        sign_in_rate="1000 per minute",
    ) as running:
        yield running


@pytest.fixture(scope="module")
def local_gateway(tmp_path_factory: pytest.TempPathFactory, database_url: str) -> Iterator[RunningGateway]:
    """A gateway without a login: requests without credentials are the local admin."""
    with gateway_without_networks(tmp_path_factory.mktemp("local"), database_url) as running:
        yield running
