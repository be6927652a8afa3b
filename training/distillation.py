"""Distillation: an encoder learns to say of each cell what the teacher says of it (Romero et al. 2015).

The teacher has seen the slice as it is, the encoder an augmented view of it. So the teacher's maps are read where each
cell of the view lies in the slice: the encoder learns features that no change of contrast, sharpness or crop alters.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from training.augmentation import FAR_ZOOM, SUPERVISED, augmented_with_placement
from training.networks import Encoder
from training.networks.dense_head import STAGE_CHANNELS
from training.slice_cache import SliceCache
from training.teacher_features import TeacherFeatures

Random = np.random.Generator
Affine = NDArray[np.float64]

WHOLE_VIEW: Final = 0.5  # weight of the views as wholes, beside that of their cells


@dataclass(frozen=True)
class DistillationBatch:
    """Signed `views` [N, 1, S, S]; the teacher's `middle` [N, 128, 10, 10] and `last` [N, 256, 5, 5] of their slices.

    `placements` [N, 2, 3] map a point of a view to the point of the slice, both from -1 to 1 over the edges.
    """

    views: Tensor
    middle: Tensor
    last: Tensor
    placements: Tensor

    @classmethod
    def draw(
        cls, cache: SliceCache, teacher: TeacherFeatures, indices: Sequence[int], size: int, random: Random
    ) -> "DistillationBatch":
        """Augmented views of these slices, all of which the teacher has seen."""
        seen = [_augmented(cache, index, size, random) for index in indices]
        rows = [teacher.rows[index] for index in indices]
        middle, last = (torch.from_numpy(maps[rows]).float() for maps in (teacher.middle, teacher.last))
        views = torch.from_numpy(np.stack([view for view, _ in seen]))[:, np.newaxis] * 2.0 - 1.0
        placements = np.stack([between_edges(placement, size, cache.size) for _, placement in seen])
        return cls(views, middle, last, torch.from_numpy(placements).float())

    def to(self, device: torch.device) -> "DistillationBatch":
        """The batch on this device."""
        return DistillationBatch(*(one.to(device) for one in (self.views, self.middle, self.last, self.placements)))


class Distillation(nn.Module):
    """What is trained beside the encoder and discarded after: from its stages 3 and 4 to the teacher's components."""

    def __init__(self, teacher: TeacherFeatures) -> None:
        super().__init__()
        middle, last = teacher.middle.shape[1], teacher.last.shape[1]
        self.middle = nn.Conv2d(STAGE_CHANNELS[1], middle, kernel_size=1)
        self.last = nn.Conv2d(STAGE_CHANNELS[2], last, kernel_size=1)
        self.whole = nn.Linear(STAGE_CHANNELS[2], last)

    def forward(self, stages: tuple[Tensor, Tensor, Tensor], batch: DistillationBatch) -> Tensor:
        """Loss of the feature maps of the encoder's stages 2 to 4 (`Encoder.maps`) for the views of the batch."""
        _, middle, last = stages
        cells = [
            cell_loss(project(features).float(), maps, batch.placements)
            for project, features, maps in ((self.middle, middle, batch.middle), (self.last, last, batch.last))
        ]
        whole = self.whole(last.mean(dim=(2, 3))).float()
        view = 1.0 - functional.cosine_similarity(whole, batch.last.mean(dim=(2, 3)))
        return cells[0] + cells[1] + WHOLE_VIEW * view.mean()


def distillation_loss(encoder: Encoder, distillation: Distillation, batch: DistillationBatch) -> Tensor:
    """The loss of an encoder for a batch; add it, with a weight, to the loss of any stage that trains the encoder."""
    loss: Tensor = distillation(encoder.maps(batch.views), batch)
    return loss


def between_edges(placement: Affine, size: int, side: int) -> Affine:
    """A map of pixels, whose centres are whole numbers, as a map of points from -1 to 1 over the edges."""
    to_pixels = np.array([[size / 2, 0, size / 2 - 0.5], [0, size / 2, size / 2 - 0.5], [0, 0, 1]])
    from_pixels = np.array([[2 / side, 0, 1 / side - 1], [0, 2 / side, 1 / side - 1]])
    return np.asarray(from_pixels @ np.vstack([placement, [0, 0, 1]]) @ to_pixels, np.float64)


def cell_loss(cells: Tensor, maps: Tensor, placements: Tensor) -> Tensor:
    """1 - cosine between cells [N, K, h, w] and the teacher's maps where they lie, over the cells inside the slice."""
    grid = functional.affine_grid(placements, [len(cells), 1, *cells.shape[2:]], align_corners=False)
    wanted = functional.grid_sample(maps, grid, padding_mode="border", align_corners=False)
    inside = (grid.abs().amax(dim=3) <= 1.0).float()
    distance = 1.0 - functional.cosine_similarity(cells, wanted)
    return (distance * inside).sum() / inside.sum().clamp(min=1.0)


def _augmented(cache: SliceCache, index: int, size: int, random: Random) -> tuple[NDArray[np.float32], Affine]:
    zoom = FAR_ZOOM if random.random() < SUPERVISED.far else SUPERVISED.zoom[0]
    return augmented_with_placement(np.array(cache.views[index, 0]), cache.extents[index, 0], size, zoom, random)
