"""Blocks of the 3D expert are sent a few at a time, in order; slices all at once."""

import asyncio

import numpy as np
import pytest
from numpy.typing import NDArray

from gateway.inference.engine import Deadline
from gateway.inference.triton_client import TritonEngine, _Chunk
from screening.contract import Contract

CONTRACT = Contract(16, 2, 2, has_expert=True)
AT_ONCE = 3


class CountingEngine(TritonEngine):
    """Answers each request itself, after a moment in which all that may be sent are sent."""

    in_flight = 0
    most = 0

    async def _request(self, chunk: _Chunk, deadline: Deadline) -> list[NDArray[np.float32]]:
        self.in_flight += 1
        self.most = max(self.most, self.in_flight)
        deadline.left_s()
        await asyncio.sleep(0.001)
        self.in_flight -= 1
        first = float(chunk.arrays[0].flat[0])
        return [np.full((len(chunk), *tensor.shape), first, np.float32) for tensor in chunk.ensemble.outputs]


@pytest.fixture
async def engine() -> CountingEngine:
    return CountingEngine("127.0.0.1:9", CONTRACT, 1, chunk_slices=1, blocks_at_once=AT_ONCE)


async def test_a_few_blocks_are_sent_at_once_and_answered_in_order(engine: CountingEngine) -> None:
    shape = CONTRACT.expert.inputs[0].shape
    blocks = np.stack([np.full(shape, number, np.uint8) for number in range(8)])
    outputs = await engine.ask_expert(blocks, blocks, Deadline.after(60))
    assert engine.most == AT_ONCE
    assert outputs.logits.tolist() == list(range(8))
    await engine.close()


async def test_all_slices_are_sent_at_once(engine: CountingEngine) -> None:
    views = np.zeros((8, *CONTRACT.view.shape), np.uint8)
    await engine.infer(views, views, Deadline.after(60))
    assert engine.most == 8
    await engine.close()
