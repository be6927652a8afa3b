"""The expert's threshold is where the operating point is for the classifier, whatever the calibration."""

from dataclasses import replace
from typing import Literal

import pytest

from screening.blocks.tiling import LungBlocks, blocks_of
from screening.results.calibration import probability
from screening.results.expert_opinion import ExpertOpinion
from screening.results.expert_rules import ExpertRules
from screening.results.model_card import Calibration
from tests.unit.screening.blocks.test_tiling import AFFINE, grid_of
from tests.unit.screening.results.test_expert_opinion import outputs
from tests.unit.screening.studies import card_of
from training.volume.expert_evaluation import rules_of


@pytest.mark.parametrize("of", ["score", "logit"])
@pytest.mark.parametrize("threshold", [-3.0, 0.0, 4.0])
def test_at_its_threshold_the_expert_gives_the_probability_of_the_operating_point(
    of: Literal["score", "logit"], threshold: float
) -> None:
    card = replace(card_of(), calibration=Calibration(3.0, -1.0, of))
    rules = ExpertRules.from_json(rules_of(threshold, card) | {"every_study": False})
    opinion = ExpertOpinion.of(one_block(), outputs(threshold), rules)
    assert probability(opinion.p, card.calibration) == pytest.approx(card.operating_point.threshold, abs=1e-4)


def one_block() -> LungBlocks:
    return blocks_of(grid_of(40, 90), AFFINE)
