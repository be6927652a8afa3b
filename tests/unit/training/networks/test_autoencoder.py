import pytest
import torch
from torch import Tensor

from training.networks import Autoencoder
from training.networks.autoencoder import CELL
from training.networks.scaling import signed


@pytest.fixture
def network() -> Autoencoder:
    torch.manual_seed(0)
    return Autoencoder().eval()


@torch.no_grad()
def test_error_and_map_equal_a_slow_twin(network: Autoencoder, views: Tensor, lung_mask: Tensor) -> None:
    error, error_map = network(views, lung_mask)
    slow_error, slow_map = _slow(network, views, lung_mask)
    torch.testing.assert_close(error, slow_error)
    torch.testing.assert_close(error_map, slow_map)


@torch.no_grad()
def test_only_the_lungs_count(network: Autoencoder, views: Tensor, lung_mask: Tensor) -> None:
    error, error_map = network(views, _left_half(lung_mask))
    assert (error > 0).all()
    assert (error_map[:, :, error_map.shape[2] // 2 :] == 0).all()


@torch.no_grad()
def test_an_empty_mask_counts_the_whole_view(network: Autoencoder, views: Tensor, lung_mask: Tensor) -> None:
    torch.testing.assert_close(network(views, torch.zeros_like(lung_mask)), network(views, torch.ones_like(lung_mask)))


@torch.no_grad()
def test_one_mask_pixel_decides_its_cell(network: Autoencoder, views: Tensor, lung_mask: Tensor) -> None:
    mask = torch.zeros_like(lung_mask)
    mask[:, :, 20, 41] = 1
    error, error_map = network(views, mask)
    torch.testing.assert_close(error_map[:, 20 // CELL, 41 // CELL], error[:, 0])
    assert (error_map > 0).sum() == len(views)


@torch.no_grad()
def test_a_perfect_reconstruction_has_no_error(
    network: Autoencoder, views: Tensor, lung_mask: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network, "reconstruct", lambda target: target)
    error, error_map = network(views, lung_mask)
    assert (error == 0).all()
    assert (error_map == 0).all()


def _left_half(mask: Tensor) -> Tensor:
    half = torch.ones_like(mask)
    half[..., mask.shape[-1] // 2 :] = 0
    return half


def _slow(network: Autoencoder, views: Tensor, lung_mask: Tensor) -> tuple[Tensor, Tensor]:
    """Pixel by pixel, without pooling operators."""
    target = signed(views[:, 0])
    target = (target[:, ::2, ::2] + target[:, 1::2, ::2] + target[:, ::2, 1::2] + target[:, 1::2, 1::2]) / 4
    mask = lung_mask[:, 0].float()
    lung = (mask[:, ::2, ::2] + mask[:, 1::2, ::2] + mask[:, ::2, 1::2] + mask[:, 1::2, 1::2]) / 4
    squared = (network.reconstruct(target[:, None])[:, 0] - target) ** 2
    side, cells = CELL // 2, views.shape[-1] // CELL
    error = torch.stack([(lung[i] * squared[i]).sum() / lung[i].sum() for i in range(len(views))])
    error_map = torch.zeros(len(views), cells, cells)
    for i in range(len(views)):
        for row in range(cells):
            for column in range(cells):
                area = (i, slice(row * side, (row + 1) * side), slice(column * side, (column + 1) * side))
                error_map[i, row, column] = (lung[area] * squared[area]).sum() / lung[area].sum()
    return error[:, None], error_map
