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
LARGEST_DIFFERENCE = 0.2  # of a logit: in INT8 the two round otherwise; the largest seen is 0.06, in FP32 2e-6

NODULE_AT = np.array([24, 40, 52])
NEAR_VOXELS = 4.0  # two cells of 4 mm


@pytest.fixture
def expert_alone(tmp_path: Path) -> Path:
    shutil.copytree(SHIPPED / EXPERT, tmp_path / EXPERT)
    return tmp_path


async def test_its_logits_are_onnx_runtimes_and_it_points_at_the_same_nodule(expert_alone: Path) -> None:
    async with TritonServer(expert_alone) as server, triton.InferenceServerClient(server.grpc_url) as client:
        for block in (*map(_texture, (0, 1, 2, 4, 8)), _nodule()):
            for mask in (np.ones_like(block), np.zeros_like(block), (block > block.mean()).astype(np.uint8)):
                inputs = {"block": block, "block_mask": mask}
                answer, expected = await ask(client, EXPERT, inputs), run_alone(expert_alone, EXPERT, inputs)
                logits = answer["expert_logit"], expected["expert_logit"]
                np.testing.assert_allclose(*logits, rtol=0, atol=LARGEST_DIFFERENCE)
        whole = {"block": _nodule(), "block_mask": np.ones_like(_nodule())}
        peaks = (await ask(client, EXPERT, whole))["expert_peak"], run_alone(expert_alone, EXPERT, whole)["expert_peak"]
        for peak in peaks:
            assert np.abs(peak[0] - NODULE_AT).max() <= NEAR_VOXELS


def _nodule() -> np.ndarray:
    """A block [1, 1, *BLOCK]: aerated lung, and a ball of soft tissue of 12 mm."""
    places = np.stack(np.meshgrid(*map(np.arange, BLOCK), indexing="ij"), axis=-1)
    ball = gaussian_filter((np.linalg.norm(places - NODULE_AT, axis=-1) <= 3.0).astype(np.float32), 0.7)
    block: np.ndarray = 35 + 185 * ball
    return block.astype(np.uint8)[None, None]


def _texture(smoothing: float) -> np.ndarray:
    """A block [1, 1, *BLOCK] of bytes: noise, smoothed and stretched to all of 0 to 255."""
    noise = gaussian_filter(np.random.default_rng(3).random(BLOCK), smoothing)
    stretched: np.ndarray = 255 * (noise - noise.min()) / np.ptp(noise)
    return stretched.astype(np.uint8)[None, None]
