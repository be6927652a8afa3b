"""The encoder: a ResNet without its head, pretrained by SimCLR and used by the classifier."""

from typing import Final, Literal

import torchvision
from torch import Tensor, nn

Depth = Literal[18, 34]

CHANNELS: Final = 512
STRIDE: Final = 32


class Encoder(nn.Module):
    """torchvision's ResNet-18 or -34 with one grey input channel (He et al. 2016)."""

    def __init__(self, depth: Depth = 18) -> None:
        super().__init__()
        resnet = {18: torchvision.models.resnet18, 34: torchvision.models.resnet34}[depth](weights=None)
        resnet.conv1 = nn.Conv2d(1, 64, kernel_size=7, stride=2, padding=3, bias=False)
        nn.init.kaiming_normal_(resnet.conv1.weight, mode="fan_out", nonlinearity="relu")
        self.depth = depth
        self.stem = nn.Sequential(resnet.conv1, resnet.bn1, resnet.relu, resnet.maxpool)
        self.stages = nn.Sequential(resnet.layer1, resnet.layer2, resnet.layer3, resnet.layer4)

    def forward(self, views: Tensor) -> Tensor:
        """Signed views [N, 1, H, W] -> features [N, 512, H/32, W/32]."""
        return self.maps(views)[-1]

    def maps(self, views: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Signed views [N, 1, H, W] -> features of stages 2 to 4: [N, 128, H/8, W/8], [N, 256, H/16, W/16] and last."""
        first, second, third, fourth = self.stages
        fine = second(first(self.stem(views)))
        middle = third(fine)
        return fine, middle, fourth(middle)
