"""A Triton elsewhere that was given other networks answers nothing: its verdicts would be judged by the wrong card."""

from collections.abc import AsyncIterator

import numpy as np
import pytest
import pytest_asyncio

from gateway.inference.engine import Deadline
from gateway.inference.triton_client import TritonEngine
from screening.errors import EngineUnavailable
from tests.integration.gateway.running_gateway import RunningGateway

CHUNK = 6


@pytest_asyncio.fixture
async def engine(gateway: RunningGateway) -> AsyncIterator[TritonEngine]:
    """An engine whose card has other weights than those that are served."""
    services, secret = gateway.services, gateway.services.triton_secret
    known = secret.get_secret_value() if secret else None
    version = services.card.ensemble_version + 1
    engine = TritonEngine(services.triton_url, services.card.contract, version, CHUNK, secret=known)
    yield engine
    await engine.close()


async def test_it_is_not_ready_and_says_why(engine: TritonEngine) -> None:
    assert "the model card's weights" in str(await engine.why_not_ready())


async def test_no_request_is_answered(gateway: RunningGateway, engine: TritonEngine) -> None:
    contract = gateway.services.card.contract
    views, masks = (np.ones((CHUNK, *tensor.shape), np.uint8) for tensor in (contract.views, contract.lung_mask))
    with pytest.raises(EngineUnavailable, match="other networks than the model card"):
        await engine.infer(views, masks, Deadline.after(1))
