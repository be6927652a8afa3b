"""The repository that Turnstile ships, through Triton and without it."""

from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import psutil
import pytest
import pytest_asyncio
import tritonclient.grpc.aio as triton

from engines.triton_server import TritonServer
from screening.contract import ENSEMBLE
from screening.model_card import ModelCard
from tests.integration.engines.triton_requests import ask, run_alone

REPOSITORY = Path(__file__).parents[3] / "model_repository"

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server() -> AsyncIterator[TritonServer]:
    async with TritonServer(REPOSITORY) as server:
        yield server


@pytest.mark.parametrize("rows", [1, 4])
async def test_the_ensemble_answers_as_its_networks_do_alone(server: TritonServer, rows: int) -> None:
    contract = ModelCard.load(REPOSITORY / "model_card.json").contract
    rng = np.random.default_rng(rows)
    inputs = {
        "view": rng.integers(0, 256, (rows, *contract.view.shape), dtype=np.uint8),
        "lung_mask": rng.integers(0, 2, (rows, *contract.lung_mask.shape), dtype=np.uint8),
    }
    expected = {name: v for step in contract.steps for name, v in run_alone(REPOSITORY, step.model, inputs).items()}

    async with triton.InferenceServerClient(server.grpc_url) as client:
        answer = await ask(client, ENSEMBLE, inputs)

    assert answer.keys() == {tensor.name for tensor in contract.ensemble.outputs}
    for name, values in expected.items():
        np.testing.assert_array_equal(answer[name], values)


async def test_all_models_together_fit_in_two_gigabytes(server: TritonServer) -> None:
    process = psutil.Process(server.pid)
    assert sum(each.memory_info().rss for each in (process, *process.children())) < 2 * 2**30
