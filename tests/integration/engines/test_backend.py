"""The Python-based onnxruntime backend inside a real Triton, against ONNX Runtime alone."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import psutil
import pytest
import pytest_asyncio
import tritonclient.grpc.aio as triton
from tritonclient.utils import InferenceServerException

from engines.triton_server import TritonServer
from tests.integration.engines.tiny_models import TABLE, slices
from tests.integration.engines.triton_requests import ask, counter, run_alone

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def client(server: TritonServer) -> AsyncIterator[triton.InferenceServerClient]:
    async with triton.InferenceServerClient(server.grpc_url) as client:
        yield client


@pytest.mark.parametrize("model", ["dense", "quantised", "peak"])
@pytest.mark.parametrize("rows", [1, 7, 32])
async def test_answers_are_onnx_runtimes_to_the_bit(
    client: triton.InferenceServerClient, repository: Path, model: str, rows: int
) -> None:
    inputs = {"x": slices(rows)}
    _assert_equal(await ask(client, model, inputs), run_alone(repository, model, inputs))


@pytest.mark.parametrize("rows", [1, 7, 32])
async def test_openvinos_answers_are_onnx_runtimes_but_for_rounding(
    client: triton.InferenceServerClient, repository: Path, rows: int
) -> None:
    inputs = {"x": slices(rows)}
    answer, expected = await ask(client, "accelerated", inputs), run_alone(repository, "accelerated", inputs)
    assert answer.keys() == expected.keys()
    np.testing.assert_allclose(answer["y"], expected["y"], rtol=1e-5, atol=1e-3)


async def test_openvino_joins_requests_and_each_gets_its_own_rows(
    client: triton.InferenceServerClient, server: TritonServer, repository: Path
) -> None:
    runs = await counter(server.metrics_url, "nv_inference_exec_count", "accelerated")
    studies = [slices(1 + seed % 4, seed) for seed in range(64)]

    answers = await asyncio.gather(*(ask(client, "accelerated", {"x": study}) for study in studies))

    for study, answer in zip(studies, answers, strict=True):
        expected = run_alone(repository, "accelerated", {"x": study})
        np.testing.assert_allclose(answer["y"], expected["y"], rtol=1e-5, atol=1e-3)
    assert await counter(server.metrics_url, "nv_inference_exec_count", "accelerated") - runs < len(studies) / 2


async def test_a_model_without_a_batch_axis_is_served(client: triton.InferenceServerClient, repository: Path) -> None:
    inputs = {"x": slices(2)}
    _assert_equal(await ask(client, "whole", inputs), run_alone(repository, "whole", inputs))


async def test_an_ensemble_answers_for_both_of_its_models(
    client: triton.InferenceServerClient, repository: Path
) -> None:
    inputs = {"x": slices(5)}
    expected = run_alone(repository, "dense", inputs) | run_alone(repository, "peak", inputs)
    _assert_equal(await ask(client, "both", inputs), expected)


async def test_only_what_is_asked_for_is_answered(client: triton.InferenceServerClient) -> None:
    assert (await ask(client, "both", {"x": slices(1)}, ["peak"])).keys() == {"peak"}


async def test_requests_are_joined_and_each_gets_its_own_rows(
    client: triton.InferenceServerClient, server: TritonServer
) -> None:
    runs = await counter(server.metrics_url, "nv_inference_exec_count", "peak")
    studies = [slices(1 + seed % 4, seed) for seed in range(64)]

    answers = await asyncio.gather(*(ask(client, "peak", {"x": study}) for study in studies))

    for study, answer in zip(studies, answers, strict=True):
        np.testing.assert_array_equal(answer["peak"][:, 0], study.max(axis=(1, 2, 3)))
    assert await counter(server.metrics_url, "nv_inference_exec_count", "peak") - runs < len(studies) / 2


async def test_a_bad_request_fails_alone(client: triton.InferenceServerClient) -> None:
    indices = [0, 1, 99, 3, 4, 99, 6, 7]

    answers = await asyncio.gather(
        *(ask(client, "pick", {"index": np.array([[index]])}) for index in indices), return_exceptions=True
    )

    for index, answer in zip(indices, answers, strict=True):
        if index == 99:
            assert isinstance(answer, InferenceServerException)
            assert "out of" in str(answer)
        else:
            assert not isinstance(answer, BaseException)
            np.testing.assert_array_equal(answer["row"][0], TABLE[index])


@pytest.mark.parametrize(
    "x",
    [np.zeros((1, 1, 4, 5), np.uint8), np.zeros((33, 1, 4, 4), np.uint8), np.zeros((1, 1, 4, 4), np.int64)],
    ids=["shape", "batch", "type"],
)
async def test_a_request_that_does_not_fit_the_config_is_refused(
    client: triton.InferenceServerClient, x: np.ndarray
) -> None:
    with pytest.raises(InferenceServerException):
        await ask(client, "dense", {"x": x})


async def test_a_cancelled_request_takes_no_other_with_it(client: triton.InferenceServerClient) -> None:
    studies = [slices(2, seed) for seed in range(40)]
    asked = [asyncio.create_task(ask(client, "peak", {"x": study})) for study in studies]
    await asyncio.sleep(0)
    for task in asked[::2]:
        task.cancel()

    answers = await asyncio.gather(*asked[1::2])

    for study, answer in zip(studies[1::2], answers, strict=True):
        np.testing.assert_array_equal(answer["peak"][:, 0], study.max(axis=(1, 2, 3)))


async def test_memory_does_not_grow_with_requests(client: triton.InferenceServerClient, server: TritonServer) -> None:
    await _many(client, 2000)
    before = _resident_bytes(server)
    await _many(client, 4000)
    assert _resident_bytes(server) - before < 6 * 2**20  # 4.06 MiB seen once: pages of the allocator, on a busy machine


async def _many(client: triton.InferenceServerClient, count: int) -> None:
    for _ in range(count // 100):
        await asyncio.gather(*(ask(client, "both", {"x": slices(4)}) for _ in range(100)))


def _resident_bytes(server: TritonServer) -> int:
    process = psutil.Process(server.pid)
    return sum(each.memory_info().rss for each in (process, *process.children()))


def _assert_equal(answer: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> None:
    assert answer.keys() == expected.keys()
    for name, values in expected.items():
        np.testing.assert_array_equal(answer[name], values)
