"""R3D-18 (Tran et al. 2018), the deck's second 3D network: torchvision's, with one grey channel and dense cells."""

import torchvision
from torch import nn

CHANNELS = 512


def r3d18() -> nn.Module:
    """Signed blocks [N, 1, D, H, W] -> logits of cells [N, 1, D/8, H/16, W/16]; 33 million weights."""
    network = torchvision.models.video.r3d_18(weights=None)
    network.stem[0] = nn.Conv3d(1, 64, kernel_size=(3, 7, 7), stride=(1, 2, 2), padding=(1, 3, 3), bias=False)
    nn.init.kaiming_normal_(network.stem[0].weight, mode="fan_out", nonlinearity="relu")
    logit = nn.Conv3d(CHANNELS, 1, kernel_size=1)
    nn.init.constant_(logit.get_parameter("bias"), -2.0)
    return nn.Sequential(network.stem, network.layer1, network.layer2, network.layer3, network.layer4, logit)
