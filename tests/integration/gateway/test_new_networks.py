"""A switch of networks without a failed request: a second server starts, the clients change to it, the first stops."""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from tritonclient.grpc import aio

from engines.triton_server import TritonServer
from gateway.inference.triton_client import CHANNEL
from tests.integration.engines.tiny_models import slices, write_repository

CALLERS = 4
STUDY = slices(6)


@dataclass
class Callers:
    """Clients that send studies of two requests each; both requests of a study go to one server."""

    url: str
    answers: Counter[str] = field(default_factory=Counter)
    stopped: bool = False
    _answered: asyncio.Event = field(default_factory=asyncio.Event)

    async def send_until_stopped(self) -> None:
        """Send studies until stopped; a failed request ends the test."""
        while not self.stopped:
            async with aio.InferenceServerClient(self.url, channel_args=list(CHANNEL)) as client:
                both = await asyncio.gather(_infer(client), _infer(client))
            assert len(set(both)) == 1, "one study, two sets of weights"
            self.answers[both[0]] += 1
            self._answered.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Continue until the condition is true."""
        while not condition():
            self._answered.clear()
            await self._answered.wait()


async def test_no_request_fails_and_no_study_is_mixed(tmp_path: Path) -> None:
    old, new = write_repository(tmp_path / "old"), write_repository(tmp_path / "new")
    _double_the_weights(new / "dense" / "1" / "model.onnx")
    async with AsyncExitStack() as servers:
        before = await servers.enter_async_context(TritonServer(old))
        callers = Callers(before.grpc_url)
        async with asyncio.TaskGroup() as group:
            for _ in range(CALLERS):
                group.create_task(callers.send_until_stopped())
            after = await servers.enter_async_context(TritonServer(new))  # ready before the first request
            assert len(callers.answers) == 1
            callers.url = after.grpc_url
            await callers.until(lambda: len(callers.answers) == 2)
            await before.stop()  # while its last requests are processed
            count = callers.answers.total()
            await callers.until(lambda: callers.answers.total() > count + 10 * CALLERS)
            callers.stopped = True
    first, second = (np.array(answer.split(), np.float64) for answer in callers.answers)
    assert second == pytest.approx(2 * first, rel=1e-5)


async def _infer(client: aio.InferenceServerClient) -> str:
    wire = aio.InferInput("x", list(STUDY.shape), "UINT8")
    wire.set_data_from_numpy(STUDY)
    values = (await client.infer("dense", [wire])).as_numpy("y")
    return " ".join(f"{value:.6g}" for value in values.ravel())


def _double_the_weights(path: Path) -> None:
    model = onnx.load(path)
    for tensor in model.graph.initializer:
        doubled = 2 * numpy_helper.to_array(tensor)
        tensor.CopyFrom(numpy_helper.from_array(doubled, tensor.name))
    onnx.save(model, path)
