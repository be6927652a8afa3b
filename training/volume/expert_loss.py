"""The loss of the 3D expert: cells of lesions, the same cells without them, all other lung, and blocks as a whole.

The dense classifier's terms (`training.dense_loss`) and weights, in three dimensions; none was tuned on what judges.
"""

from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, max_pool3d, softplus

from training.dense_loss import HARD, HARD_FRACTION, HARD_LEAST, MARKED, NEGATIVES, SAME_CELLS, VIEWS
from training.dense_targets import NORMAL
from training.networks.expert.expert3d import counted_cells, share_of_cells
from training.volume.painted_blocks import BlockBatch

FULL_AT: Final = 2.5  # a cell is all lesion where the lesion fills 40 % of it


def expert_loss(cells: Tensor, batch: BlockBatch) -> Tensor:
    """Loss of the logits of cells [N, d, h, w]."""
    share = share_of_cells(batch.lesions.unsqueeze(1), cells.shape[1:]).squeeze(1)
    targets = (share * FULL_AT).clamp(max=1.0)
    counted, lesion = counted_cells(batch.masks, cells.shape[1:]), targets > 0
    plain, painted = slice(0, batch.pairs), slice(batch.pairs, 2 * batch.pairs)
    cross_entropy = binary_cross_entropy_with_logits(cells, targets, reduction="none")
    loss = _mean_of_blocks(cross_entropy[painted], targets[painted], lesion[painted]).mean()
    was_lesion = lesion[painted] & ~lesion[plain]
    same = _mean_of_blocks(softplus(cells[plain]), torch.ones_like(cells[plain]), was_lesion)
    loss = loss + SAME_CELLS * (same * batch.trust[plain]).mean()
    free = counted & ~_grown(lesion)
    weights = free * batch.trust[:, None, None, None]
    negatives = softplus(cells)
    loss = loss + NEGATIVES * (negatives * weights).sum() / weights.sum().clamp(min=1.0)
    sure = negatives[weights >= NORMAL]
    if len(sure) >= HARD_LEAST:
        loss = loss + HARD * sure.topk(max(HARD_LEAST, int(HARD_FRACTION * len(sure)))).values.mean()
    if len(cells) > 2 * batch.pairs:
        marked = slice(2 * batch.pairs, None)
        loss = loss + MARKED * _mean_of_blocks(cross_entropy[marked], targets[marked], lesion[marked]).mean()
    return loss + VIEWS * _block_term(cells, counted, batch)


def _block_term(cells: Tensor, counted: Tensor, batch: BlockBatch) -> Tensor:
    """Painted blocks are pathology, sure ones without are normal, and each painted one scores above its plain one."""
    highest = torch.where(counted, cells, torch.full_like(cells, -12.0)).flatten(1).amax(dim=1)
    plain, painted = highest[: batch.pairs], highest[batch.pairs : 2 * batch.pairs]
    sure = (batch.trust[: batch.pairs] >= NORMAL).float()
    normal = (softplus(plain) * sure).sum() / sure.sum().clamp(min=1.0)
    return softplus(-painted).mean() + normal + softplus(plain - painted).mean()


def _mean_of_blocks(values: Tensor, weights: Tensor, where: Tensor) -> Tensor:
    """Mean of each block [N] over its cells; a small lesion counts as much as a large one."""
    weights = weights * where
    return (values * weights).sum(dim=(1, 2, 3)) / weights.sum(dim=(1, 2, 3)).clamp(min=1e-3)


def _grown(cells: Tensor) -> Tensor:
    return max_pool3d(cells.float().unsqueeze(1), kernel_size=3, stride=1, padding=1).squeeze(1) > 0
