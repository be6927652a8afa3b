"""One gRPC channel to several Tritons: requests are balanced, and stopped servers are avoided."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import numpy as np
import pytest
import pytest_asyncio
from tritonclient.grpc import aio

from engines.triton_server import TritonServer
from gateway.inference.triton_client import CHANNEL
from tests.integration.engines.tiny_models import slices, write_repository

REQUESTS = 20
MODEL = "dense"


@pytest_asyncio.fixture
async def servers(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[TritonServer, TritonServer]]:
    folder: Path = write_repository(tmp_path_factory.mktemp("models"))
    async with TritonServer(folder) as first, TritonServer(folder) as second:
        yield first, second


async def test_requests_are_balanced_and_avoid_a_stopped_server(servers: tuple[TritonServer, TritonServer]) -> None:
    first, second = servers
    client = aio.InferenceServerClient(f"ipv4:{first.grpc_url},{second.grpc_url}", channel_args=list(CHANNEL))
    async with client:
        while min(await _counts(servers)) == 0:  # the second connection takes a moment longer than the first
            await _infer(client)
        before = await _counts(servers)
        for _ in range(REQUESTS):
            await _infer(client)
        increase = np.subtract(await _counts(servers), before)
        assert increase.tolist() == [REQUESTS // 2, REQUESTS // 2]

        await second.stop()
        assert all([await _infer(client) for _ in range(REQUESTS)])
        assert (await _count(first)) == before[0] + REQUESTS // 2 + REQUESTS


async def _infer(client: aio.InferenceServerClient) -> bool:
    values = slices(1)
    wire = aio.InferInput("x", list(values.shape), "UINT8")
    wire.set_data_from_numpy(values)
    return (await client.infer(MODEL, [wire])).as_numpy("y") is not None


async def _counts(servers: tuple[TritonServer, TritonServer]) -> tuple[int, int]:
    first, second = await asyncio.gather(*map(_count, servers))
    return first, second


async def _count(server: TritonServer) -> int:
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(f"http://{server.http_url}/v2/models/{MODEL}/stats")
    return int(answer.json()["model_stats"][0]["inference_stats"]["success"]["count"])
