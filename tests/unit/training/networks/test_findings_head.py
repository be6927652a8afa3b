"""The head of the findings: statistics by hand and as properties, and one pass of the encoder for both."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from screening.contract import FINDINGS
from training.networks import Classifier, ClassifierWithFindings, FindingsHead, InvalidCheckpoint, with_findings
from training.networks.classifier import Stages
from training.networks.dense_head import NOT_COUNTED, STAGE_CHANNELS
from training.networks.findings_head import HIGHEST_CELLS, STATISTICS, encoder_fingerprint, statistics

SIDE = 8  # cells of stage 2


def stages_of(seed: int) -> Stages:
    """Features as after a ReLU."""
    random = torch.Generator().manual_seed(seed)
    fine, middle, coarse = (
        torch.rand(2, channels, SIDE >> number, SIDE >> number, generator=random)
        for number, channels in enumerate(STAGE_CHANNELS)
    )
    return fine, middle, coarse


def mask_of(rows: int) -> Tensor:
    """A mask whose first rows of cells are lung; the next row counts too."""
    mask = torch.zeros(2, 1, 8 * SIDE, 8 * SIDE, dtype=torch.uint8)
    mask[:, :, : 8 * rows] = 1
    return mask


def test_statistics_of_a_channel_by_hand() -> None:
    stages = stages_of(1)
    found = statistics(stages, mask_of(3))
    assert found.shape == (2, STATISTICS)
    channels = STAGE_CHANNELS[0]
    inside = stages[0][0, 7, :4].flatten()
    mean, highest, deviation, whole = (found[0, 7 + part * channels] for part in range(4))
    torch.testing.assert_close(mean, inside.mean())
    torch.testing.assert_close(highest, inside.sort(descending=True).values[: HIGHEST_CELLS[0]].mean())
    torch.testing.assert_close(deviation, inside.std(correction=0))
    torch.testing.assert_close(whole, stages[0][0, 7].mean())


@given(st.integers(0, 999), st.floats(0, 5), st.integers(0, SIDE - 1), st.integers(0, SIDE - 1))
def test_a_higher_cell_lowers_neither_mean_nor_highest_cells(seed: int, more: float, row: int, column: int) -> None:
    stages = stages_of(seed)
    raised = stages[0].clone()
    raised[:, :, row, column] += more
    before, after = statistics(stages, mask_of(3)), statistics((raised, *stages[1:]), mask_of(3))
    channels = STAGE_CHANNELS[0]
    assert (after[:, : 2 * channels] >= before[:, : 2 * channels] - 1e-6).all()


@given(st.integers(0, 999))
def test_cells_that_do_not_count_change_only_the_mean_over_the_view(seed: int) -> None:
    stages = stages_of(seed)
    changed = stages[0].clone()
    changed[:, :, 4:] += 3.0
    before, after = statistics(stages, mask_of(3)), statistics((changed, *stages[1:]), mask_of(3))
    channels = STAGE_CHANNELS[0]
    torch.testing.assert_close(after[:, : 3 * channels], before[:, : 3 * channels])
    assert (after[:, 3 * channels : 4 * channels] > before[:, 3 * channels : 4 * channels]).all()


def test_a_view_without_lung_shows_no_finding() -> None:
    found = FindingsHead()(stages_of(2), torch.zeros_like(mask_of(0)))
    assert (found == NOT_COUNTED).all()


def test_a_statistic_far_from_the_training_views_says_no_more() -> None:
    head = FindingsHead()
    assert (
        head.standardised(torch.full((1, STATISTICS), 1e6)).max()
        == head.standardised(torch.full((1, STATISTICS), 7.0)).max()
    )


@torch.no_grad()
def test_the_classifier_says_of_pathology_what_it_says_alone(views: Tensor, lung_mask: Tensor) -> None:
    classifier = Classifier().eval()
    both = ClassifierWithFindings(classifier, FindingsHead().eval()).eval()
    logit, activation, findings = both(views, lung_mask)
    alone = classifier(views, lung_mask)
    assert torch.equal(logit, alone[0])
    assert torch.equal(activation, alone[1])
    assert findings.shape == (len(views), len(FINDINGS))
    assert ((findings >= 0) & (findings <= 1)).all()


def test_a_head_belongs_to_its_encoder_in_any_precision() -> None:
    classifier, other = Classifier(), Classifier()
    head = FindingsHead(encoder=encoder_fingerprint(classifier))
    packed = Classifier()
    weights = classifier.state_dict().items()
    packed.load_state_dict(
        {name: weight.half().float() if weight.is_floating_point() else weight for name, weight in weights}
    )
    assert isinstance(with_findings(packed, head), ClassifierWithFindings)
    with pytest.raises(InvalidCheckpoint, match="another classifier"):
        with_findings(other, head)
