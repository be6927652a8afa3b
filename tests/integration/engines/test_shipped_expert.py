"""The shipped 3D expert in a real Triton, which runs it in OpenVINO, against ONNX Runtime alone."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import tritonclient.grpc.aio as triton
from scipy.ndimage import gaussian_filter

from engines.triton_server import TritonServer
from screening.contract import BLOCK, EXPERT
from tests.integration.engines.triton_requests import ask, run_alone

SHIPPED = Path(__file__).resolve().parents[3] / "model_repository"
LARGEST_DIFFERENCE = 1e-4  # of a logit; the largest seen is 2e-6


@pytest.fixture
def expert_alone(tmp_path: Path) -> Path:
    shutil.copytree(SHIPPED / EXPERT, tmp_path / EXPERT)
    return tmp_path


async def test_its_logits_are_onnx_runtimes_and_its_peaks_the_same(expert_alone: Path) -> None:
    async with TritonServer(expert_alone) as server, triton.InferenceServerClient(server.grpc_url) as client:
        for smoothing in (0, 1, 2, 4, 8):
            block = _texture(smoothing)
            for mask in (np.ones_like(block), np.zeros_like(block), (block > block.mean()).astype(np.uint8)):
                inputs = {"block": block, "block_mask": mask}
                answer, expected = await ask(client, EXPERT, inputs), run_alone(expert_alone, EXPERT, inputs)
                logits = answer["expert_logit"], expected["expert_logit"]
                np.testing.assert_allclose(*logits, rtol=0, atol=LARGEST_DIFFERENCE)
                np.testing.assert_array_equal(answer["expert_peak"], expected["expert_peak"])


def _texture(smoothing: float) -> np.ndarray:
    """A block [1, 1, *BLOCK] of bytes: noise, smoothed and stretched to all of 0 to 255."""
    noise = gaussian_filter(np.random.default_rng(3).random(BLOCK), smoothing)
    stretched: np.ndarray = 255 * (noise - noise.min()) / np.ptp(noise)
    return stretched.astype(np.uint8)[None, None]
