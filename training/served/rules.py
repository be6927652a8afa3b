"""The volume rules side by side: the deck's maximum, means over the highest mm, runs of neighbours, percentiles."""

from collections.abc import Mapping
from typing import Final

from screening.results.volume_rule import MAXIMUM, RuleName, VolumeRule
from training.served.served_study import ServedStudy

RULES: Final = (
    MAXIMUM,
    *(VolumeRule(RuleName.MEAN_OF_HIGHEST, mm) for mm in (8.0, 12.0, 16.0, 20.0, 24.0, 32.0, 40.0)),
    *(VolumeRule(RuleName.HIGHEST_RUN, mm) for mm in (16.0, 24.0)),
    *(VolumeRule(RuleName.PERCENTILE, percent=percent) for percent in (90.0, 95.0)),
)


def rule_logits(served: ServedStudy) -> Mapping[str, float]:
    """The study's logit by each rule."""
    return {str(rule): served.by(rule) for rule in RULES}
