"""The resize inside a graph equals OpenCV's, for any pair of sizes."""

import cv2
import numpy as np
import pytest
import torch

from training.networks import AtTrainedSize, Autoencoder
from training.networks.at_trained_size import area_weights


@pytest.mark.parametrize(("size", "trained"), [(224, 160), (64, 32), (96, 64), (160, 128)])
def test_areas_are_averaged_as_opencv_does(size: int, trained: int) -> None:
    view = np.random.default_rng(size).integers(0, 256, (size, size)).astype(np.float32)
    weights = area_weights(size, trained)
    np.testing.assert_allclose(weights.sum(axis=1), 1.0, rtol=1e-5)
    expected = cv2.resize(view, (trained, trained), interpolation=cv2.INTER_AREA)
    np.testing.assert_allclose(weights @ view @ weights.T, expected, atol=1e-2)


@torch.no_grad()
def test_a_network_gets_the_size_that_it_was_trained_at() -> None:
    torch.manual_seed(0)
    network = Autoencoder().eval()
    view, mask = torch.randint(0, 256, (2, 1, 64, 64)).byte(), torch.ones(2, 1, 64, 64).byte()
    error, error_map = AtTrainedSize(network, 96, 64)(_doubled_edges(view), _doubled_edges(mask))
    assert error.shape == (2, 1)
    assert error_map.shape == (2, 8, 8)


def _doubled_edges(images: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.interpolate(images.float(), size=96).byte()
