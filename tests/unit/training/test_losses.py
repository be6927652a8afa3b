"""NT-Xent and the masked error, against simple implementations, closed forms and sums by hand."""

import math

import numpy as np
import pytest
import torch
from lightly.loss import NTXentLoss

from training.mixstyle import MixStyle, mix_style
from training.networks import Autoencoder
from training.simclr import TEMPERATURE, ContrastiveNetwork


def test_nt_xent_equals_a_simple_implementation() -> None:
    torch.manual_seed(1)
    first, second = torch.randn(5, 8), torch.randn(5, 8)
    found = NTXentLoss(temperature=TEMPERATURE)(first, second)
    assert float(found) == pytest.approx(_naive(first, second), abs=1e-5)


@pytest.mark.parametrize("count", [2, 4, 7])
def test_nt_xent_of_orthogonal_pairs_in_closed_form(count: int) -> None:
    views = torch.eye(count)
    found = NTXentLoss(temperature=0.5)(views, views)
    # The partner has similarity 1, the 2n - 2 others 0: -log(e^2 / (e^2 + 2n - 2)).
    assert float(found) == pytest.approx(math.log(1 + (2 * count - 2) * math.exp(-2)), abs=1e-5)


def test_projection_has_gradients_down_to_the_first_layer() -> None:
    network = ContrastiveNetwork()
    network(torch.randn(2, 1, 64, 64)).square().sum().backward()
    assert next(network.encoder.parameters()).grad is not None


def test_masked_error_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    network = Autoencoder().eval()
    monkeypatch.setattr(network, "reconstruct", torch.zeros_like)  # every reconstruction is middle grey
    views = torch.zeros(1, 1, 32, 32, dtype=torch.uint8)
    views[..., :16] = 255
    mask = torch.zeros(1, 1, 32, 32, dtype=torch.uint8)
    mask[..., 8:16, 8:24] = 1
    error, _ = network(views, mask)
    assert float(error) == pytest.approx(1.0)  # white is +1, black -1, both one from grey
    views[..., :16, :16] = 191
    expected = (64 * (191 / 127.5 - 1) ** 2 + 64) / 128
    assert float(network(views, mask)[0]) == pytest.approx(expected, rel=1e-5)


def test_mixing_exchanges_statistics_and_keeps_the_pattern() -> None:
    torch.manual_seed(0)
    features = torch.randn(4, 3, 8, 8) * torch.tensor([1.0, 5.0, 9.0, 2.0]).view(4, 1, 1, 1)
    changed = mix_style(features)
    pattern = [
        torch.corrcoef(torch.stack((a.flatten(), b.flatten())))[0, 1]
        for a, b in zip(features[:, 0], changed[:, 0], strict=True)
    ]
    assert np.allclose(pattern, 1.0, atol=1e-3)
    assert changed.std() < 2 * features.std()


def test_mixing_never_touches_evaluation() -> None:
    layer = torch.nn.Identity()
    mixing = MixStyle(layer)
    mixing.active = True
    features = torch.randn(4, 2, 4, 4)
    assert torch.equal(layer.eval()(features), features)
    assert not torch.equal(layer.train()(features), features)


def _naive(first: torch.Tensor, second: torch.Tensor) -> float:
    views = [view / view.norm() for view in (*first, *second)]
    count, total = len(first), 0.0
    for i, view in enumerate(views):
        partner = (i + count) % (2 * count)
        terms = [math.exp(float(view @ other) / TEMPERATURE) for k, other in enumerate(views) if k != i]
        total -= math.log(math.exp(float(view @ views[partner]) / TEMPERATURE) / sum(terms))
    return total / len(views)
