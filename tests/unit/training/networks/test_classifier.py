import numpy as np
import pytest
import torch
from torch import Tensor

from training.networks import Classifier, Encoder
from training.networks.dense_head import CELL, NOT_COUNTED, POOLED_CELLS
from training.networks.scaling import signed


@pytest.mark.parametrize("depth", [18, 34])
@torch.no_grad()
def test_the_logit_is_the_mean_of_the_highest_cells_that_count(depth: int, views: Tensor) -> None:
    classifier = Classifier(18 if depth == 18 else 34).eval()
    mask = torch.zeros_like(views)
    mask[:, :, 16:48, 8:40] = 1
    logit, activation = classifier(views, mask)
    cells = classifier.cells(signed(views))
    for index in range(len(views)):
        counted = [float(cells[index, row, column]) for row in range(1, 7) for column in range(6)]
        assert float(logit[index, 0]) == pytest.approx(np.mean(sorted(counted)[-POOLED_CELLS:]), rel=1e-5)
    assert (activation[:, 1:7, :6] == cells[:, 1:7, :6]).all()


@torch.no_grad()
def test_what_lies_outside_the_mask_is_not_counted(views: Tensor) -> None:
    classifier = Classifier().eval()
    mask = torch.zeros_like(views)
    mask[0, :, :8, :8] = 1
    logit, activation = classifier(views, mask)
    assert activation.shape == (3, 64 // CELL, 64 // CELL)
    assert (activation[0, 2:] == NOT_COUNTED).all()
    assert (activation[1:] == NOT_COUNTED).all()
    assert (logit[1:] == NOT_COUNTED).all()
    assert logit.isfinite().all()


@torch.no_grad()
def test_a_view_does_not_depend_on_its_batch(views: Tensor, lung_mask: Tensor) -> None:
    classifier = Classifier().eval()
    torch.testing.assert_close(classifier(views, lung_mask)[0][1:2], classifier(views[1:2], lung_mask[1:2])[0])


@torch.no_grad()
def test_a_pretrained_encoder_is_taken_as_it_is(views: Tensor) -> None:
    encoder = Encoder(18).eval()
    classifier = Classifier(encoder=encoder).eval()
    assert classifier.encoder is encoder
    assert classifier.settings == {"depth": 18}
    assert encoder(signed(views)).shape == (3, 512, 2, 2)
