"""Bytes of a block as numbers around 0, as backbones see them, and as 0 ... 1, as the teacher does."""

from typing import Final

from torch import Tensor

CENTRE: Final = 64.0  # between lung of -860 HU (30) and soft tissue of 40 HU (221), nearer to the many cells of lung
SCALE: Final = 64.0


def signed(block: Tensor) -> Tensor:
    """Bytes -> numbers around 0."""
    return (block.float() - CENTRE) / SCALE


def unit(signed_block: Tensor) -> Tensor:
    """Numbers around 0 -> 0 ... 1 for -1000 ... 200 HU, the window of `screening.blocks`."""
    return (signed_block * SCALE + CENTRE) / 255.0
