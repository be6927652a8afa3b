"""The teacher beside another stage: a few more views a step, whose cells the encoder must know as the teacher does."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import torch
from torch import Tensor, nn

from training.distillation import Distillation, DistillationBatch, distillation_loss
from training.networks import Encoder
from training.slice_cache import SliceCache
from training.teacher_features import TeacherFeatures

VIEWS: Final = 8  # a step


class AuxiliaryTeacher(nn.Module):
    """The weighted distillation loss of slices drawn from `indices`; its own weights are trained and discarded."""

    def __init__(self, cache: SliceCache, features: TeacherFeatures, indices: Sequence[int], weight: float) -> None:
        super().__init__()
        self.distillation = Distillation(features)
        self.weight = weight
        self._cache, self._features = cache, features
        self._known = np.array([index for index in indices if index in features.rows], np.int64)

    def forward(self, encoder: Encoder, size: int, random: np.random.Generator, device: torch.device) -> Tensor:
        """The loss of views of `size` px drawn now."""
        drawn = random.choice(self._known, min(VIEWS, len(self._known)), replace=False).tolist()
        batch = DistillationBatch.draw(self._cache, self._features, drawn, size, random).to(device)
        return self.weight * distillation_loss(encoder, self.distillation, batch)
