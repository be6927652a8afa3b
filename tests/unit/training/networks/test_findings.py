import torch
from torch import Tensor

from screening.contract import FINDINGS
from training.networks import Findings
from training.networks.scaling import unsigned


@torch.no_grad()
def test_scores_are_those_of_ultralytics_own_forward_pass(views: Tensor) -> None:
    findings = Findings().eval()
    probabilities, _ = findings.network(unsigned(views).repeat(1, 3, 1, 1))
    torch.testing.assert_close(findings(views), probabilities)


@torch.no_grad()
def test_scores_add_up_to_1(views: Tensor) -> None:
    findings = Findings().eval()
    scores = findings(views)
    assert scores.shape == (3, len(FINDINGS))
    torch.testing.assert_close(scores.sum(dim=1), torch.ones(3))
