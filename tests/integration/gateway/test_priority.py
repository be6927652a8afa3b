"""Triton's queues serve urgent studies before mass runs: through the ensemble, with the shipped networks."""

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest
import pytest_asyncio

from gateway.inference.engine import Deadline
from gateway.inference.triton_client import TritonEngine
from screening.contract import Priority
from tests.integration.gateway.running_gateway import RunningGateway

CHUNK = 6
MASS = 24  # requests, of which Triton runs two at a time


@pytest_asyncio.fixture
async def engine(gateway: RunningGateway) -> AsyncIterator[TritonEngine]:
    services, secret = gateway.services, gateway.services.triton_secret
    secret_text = secret.get_secret_value() if secret else None
    engine = TritonEngine(
        services.triton_url, services.card.contract, services.card.ensemble_version, CHUNK, secret=secret_text
    )
    yield engine
    await engine.close()


@pytest.mark.parametrize(("priority", "overtakes"), [(Priority.URGENT, True), (Priority.MASS, False)])
async def test_an_urgent_study_overtakes_a_full_queue(
    gateway: RunningGateway, engine: TritonEngine, priority: Priority, overtakes: bool
) -> None:
    contract, answered, first = gateway.services.card.contract, 0, asyncio.Event()
    views, masks = (np.ones((CHUNK, *tensor.shape), np.uint8) for tensor in (contract.view, contract.lung_mask))

    async def one_of_many() -> None:
        nonlocal answered
        await engine.infer(views, masks, Deadline.after(100), priority=Priority.MASS)
        answered += 1
        first.set()

    async with asyncio.TaskGroup() as group:
        for _ in range(MASS):
            group.create_task(one_of_many())
        await first.wait()
        await engine.infer(views, masks, Deadline.after(100), priority=priority)
        before = answered
    assert (before < MASS / 2) is overtakes
