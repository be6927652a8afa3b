"""Results of a Triton with other networks are refused: the model card's thresholds would be wrong for them."""

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
    secret_text = secret.get_secret_value() if secret else None
    version = services.card.ensemble_version + 1
    engine = TritonEngine(services.triton_url, services.card.contract, version, CHUNK, secret=secret_text)
    yield engine
    await engine.close()


async def test_an_engine_with_other_weights_is_not_ready(engine: TritonEngine) -> None:
    assert "the model card's weights" in str(await engine.why_not_ready())


async def test_an_engine_with_other_weights_answers_no_request(gateway: RunningGateway, engine: TritonEngine) -> None:
    contract = gateway.services.card.contract
    views, masks = (np.ones((CHUNK, *tensor.shape), np.uint8) for tensor in (contract.view, contract.lung_mask))
    with pytest.raises(EngineUnavailable, match="other networks than the model card"):
        await engine.infer(views, masks, Deadline.after(1))
