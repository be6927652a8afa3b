"""What each volume rule would do: on composed studies, on volumes with all their changes, and on painted lesions."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from screening.evaluation.metrics import roc_auc
from screening.results.model_card import ModelCard
from screening.results.volume_rule import CANDIDATES
from training.composed_studies import ComposedStudies
from training.error_range import study_scores
from training.predictions import Predictions
from training.served.painted_studies import PaintedStudy
from training.served.stability import ChangedStudy
from training.synthesis.volume_lesions import Density

PAINTED_MM: Final = (6.0, 10.0, 20.0)


@dataclass(frozen=True)
class RuleLine:
    """One rule. `composed_auc`: ROC-AUC on composed studies of each side of the split, by the classifier alone.

    `highest_normal` and `lowest_ill` are over all changes of the whole volumes, in logits; `painted` is the share of
    solid lesions of each size (mm) that raise their volume above all of its changes without one.
    """

    rule: str
    composed_auc: Mapping[str, float | None]
    highest_normal: float | None
    lowest_ill: float | None
    painted: Mapping[str, float | None]

    @property
    def gap(self) -> float | None:
        """From the highest normal volume to the lowest ill one; negative where they overlap."""
        if self.highest_normal is None or self.lowest_ill is None:
            return None
        return self.lowest_ill - self.highest_normal


def compared_rules(
    card: ModelCard,
    composed: Mapping[str, tuple[Predictions, ComposedStudies]],
    pairs: Sequence[ChangedStudy],
    painted: Sequence[PaintedStudy],
) -> Iterator[RuleLine]:
    """A line for each rule; only pairs of whole volumes as they are, none of painted ones."""
    for rule in CANDIDATES:
        fusion = replace(card.fusion, volume_rule=rule, error_clip=0.0)
        name = str(rule)
        logits = {label: [one.logits[name] for one in pairs if one.label == label and one.logits] for label in (0, 1)}
        ordered = rule.mm is None or rule.name != "highest_run"  # composed studies have no neighbours
        yield RuleLine(
            name,
            {
                side: roc_auc(studies.labels, study_scores(predictions, studies, fusion, card.test_time_slices))
                if ordered
                else None
                for side, (predictions, studies) in composed.items()
            },
            max(logits[0], default=None),
            min(logits[1], default=None),
            {f"{size:g} mm": _above(name, size, pairs, painted) for size in PAINTED_MM},
        )


def _above(rule: str, size_mm: float, pairs: Sequence[ChangedStudy], painted: Sequence[PaintedStudy]) -> float | None:
    highest: dict[str, float] = {}
    for pair in pairs:
        if pair.logits:
            highest[pair.study] = max(highest.get(pair.study, -np.inf), pair.logits[rule])
    found = [
        bool(one.logits) and one.logits[rule] > highest[one.study]
        for one in painted
        if one.lesion.diameter_mm == size_mm and one.lesion.density is Density.SOLID and one.study in highest
    ]
    return float(np.mean(found)) if found else None
