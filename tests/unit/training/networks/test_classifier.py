import pytest
import torch
from torch import Tensor

from training.networks import Classifier, Encoder
from training.networks.scaling import signed


@pytest.mark.parametrize("depth", [18, 34])
@torch.no_grad()
def test_logits_equal_global_pooling_and_a_linear_head(depth: int, views: Tensor) -> None:
    classifier = Classifier(18 if depth == 18 else 34).eval()
    logits, _ = classifier(views)
    for index in range(views.shape[1]):
        pooled = classifier.encoder(signed(views[:, index])).mean(dim=(2, 3))
        by_hand = pooled @ classifier.head.weight.reshape(-1) + classifier.head.bias
        torch.testing.assert_close(logits[:, index], by_hand)


@torch.no_grad()
def test_activation_is_view_0_and_its_mean_is_that_logit(views: Tensor) -> None:
    classifier = Classifier().eval()
    logits, activation = classifier(views)
    other = views.clone()
    other[:, 1:] = 0
    assert activation.shape == (3, 2, 2)
    torch.testing.assert_close(activation.mean(dim=(1, 2)), logits[:, 0])
    torch.testing.assert_close(classifier(other)[1], activation)


@torch.no_grad()
def test_a_slice_does_not_depend_on_its_batch(views: Tensor) -> None:
    classifier = Classifier().eval()
    torch.testing.assert_close(classifier(views)[0][1:2], classifier(views[1:2])[0])


@torch.no_grad()
def test_a_pretrained_encoder_is_taken_as_it_is(views: Tensor) -> None:
    encoder = Encoder(18).eval()
    classifier = Classifier(encoder=encoder).eval()
    assert classifier.encoder is encoder
    assert classifier.settings == {"depth": 18}
    assert encoder(signed(views[:, 0])).shape == (3, 512, 2, 2)
