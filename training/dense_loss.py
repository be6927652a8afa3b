"""The loss of the dense classifier: cells of painted and marked lesions, cells of normal lung, and views as a whole.

Weights of the terms are those of the experiment that the recipe comes from (docs/adr); none was tuned on what judges.
"""

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, softplus

from training.dense_targets import NORMAL, cell_targets, grown
from training.networks.dense_head import counted_cells, pooled
from training.training_batches import Kind, TrainingBatch

SAME_CELLS, NEGATIVES, HARD, DICE, VIEWS, ILL, DIAPHRAGM, MARKED = 0.5, 3.0, 0.3, 0.3, 0.5, 0.5, 0.5, 0.4
HARD_FRACTION = 0.02
HARD_LEAST = 8  # cells; fewer of them say nothing


def dense_loss(cells: Tensor, batch: TrainingBatch) -> Tensor:
    """Loss of the logits of cells [N, h, w]."""
    return torch.stack(list(_terms(cells, batch))).sum()


def _terms(cells: Tensor, batch: TrainingBatch) -> Iterator[Tensor]:
    targets, counted = cell_targets(batch.maps), counted_cells(batch.masks.unsqueeze(1))
    views = pooled(cells, counted)
    plain, painted = batch.of(Kind.PLAIN), batch.of(Kind.PAINTED)
    if painted.any():
        yield from _pair_terms(cells, targets, counted, batch, plain, painted)
        yield VIEWS * _view_term(views[plain], views[painted], batch.trust[plain])
    if (ill := batch.of(Kind.ILL)).any():
        yield ILL * softplus(-views[ill]).mean()
    if (diaphragm := batch.of(Kind.DIAPHRAGM)).any():
        yield DIAPHRAGM * _mean_over(softplus(cells[diaphragm]), targets[diaphragm] > 0)
    if (marked := batch.of(Kind.MARKED)).any():
        yield MARKED * _mean_of_views(_cross_entropy(cells[marked], targets[marked]), targets[marked] > 0).mean()
        yield HARD * _mean_over(softplus(cells[marked]), ~grown(targets[marked] > 0, 2))


def _pair_terms(
    cells: Tensor, targets: Tensor, counted: Tensor, batch: TrainingBatch, plain: Tensor, painted: Tensor
) -> Iterator[Tensor]:
    """Lesions, the same cells without them, all other cells of both, and how well the lesion is covered."""
    lesion, trust = targets[painted] > 0, batch.trust[plain]
    yield _mean_of_views(_cross_entropy(cells[painted], targets[painted]), lesion).mean()
    yield SAME_CELLS * (_mean_of_views(softplus(cells[plain]), lesion) * trust).sum() / trust.sum()
    pairs = plain | painted
    free = (~grown(targets[pairs] > 0, 1)) | plain[pairs][:, None, None]
    weights, negatives = free * batch.trust[pairs][:, None, None], softplus(cells[pairs])
    yield NEGATIVES * (negatives * weights).sum() / weights.sum()
    sure = negatives[(weights >= NORMAL) & counted[pairs]]
    if len(sure) >= HARD_LEAST:
        yield HARD * sure.topk(max(HARD_LEAST, int(HARD_FRACTION * len(sure)))).values.mean()
    yield DICE * _dice(torch.sigmoid(cells[painted]), targets[painted])


def _view_term(plain: Tensor, painted: Tensor, trust: Tensor) -> Tensor:
    """Painted views are pathology, sure ones without are normal, and each painted one scores above its plain one."""
    sure = (trust >= NORMAL).float()
    normal = (softplus(plain) * sure).sum() / sure.sum().clamp(min=1.0)
    return softplus(-painted).mean() + normal + softplus(plain - painted).mean()


def _cross_entropy(cells: Tensor, targets: Tensor) -> Tensor:
    return binary_cross_entropy_with_logits(cells, targets, reduction="none")


def _mean_of_views(values: Tensor, where: Tensor) -> Tensor:
    """Mean of each view [N] over its cells; a small lesion counts as much as a large one."""
    return (values * where).sum(dim=(1, 2)) / where.sum(dim=(1, 2)).clamp(min=1)


def _mean_over(values: Tensor, where: Tensor) -> Tensor:
    return (values * where).sum() / where.sum().clamp(min=1)


def _dice(found: Tensor, targets: Tensor) -> Tensor:
    """1 - Dice coefficient (Milletari et al. 2016), with 1 added so that views without a lesion count little."""
    overlap = (found * targets).sum(dim=(1, 2))
    return (1 - (2 * overlap + 1) / (found.sum(dim=(1, 2)) + targets.sum(dim=(1, 2)) + 1)).mean()
