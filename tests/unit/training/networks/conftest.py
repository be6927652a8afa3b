"""Small seeded slices; the networks are agnostic to the view size."""

import pytest
import torch
from torch import Tensor

SIZE = 64


@pytest.fixture
def views() -> Tensor:
    generator = torch.Generator().manual_seed(7)
    return torch.randint(0, 256, (3, 1, SIZE, SIZE), generator=generator, dtype=torch.uint8)


@pytest.fixture
def lung_mask() -> Tensor:
    generator = torch.Generator().manual_seed(8)
    return torch.randint(0, 2, (3, 1, SIZE, SIZE), generator=generator, dtype=torch.uint8)
