"""One study as served: prepared, screened and fused by serving's own functions."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit

from screening.contract import VIEWS
from screening.preparation import PreparedStudy, SeriesPreparation, augmented_rows
from screening.results.calibration import logit_at, probability
from screening.results.fusion import (
    NOT_AUGMENTED,
    AugmentedLogits,
    Fusion,
    SliceOutputs,
    fuse,
    highest_slices,
    slice_logits,
)
from screening.results.model_card import ModelCard
from screening.results.verdict import Verdict, verdict_of
from screening.results.volume_rule import CANDIDATES, VolumeRule
from screening.series.studies import Study
from training.served.decoded_volume import DecodedVolume
from training.served.exported_networks import ExportedNetworks

Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class ServedStudy:
    """What serving computes for a study; `slice_logits` [K] are means over the views that were made of each slice."""

    prepared: PreparedStudy = field(repr=False)
    outputs: SliceOutputs = field(repr=False)
    fusion: Fusion = field(repr=False)
    slice_logits: Doubles = field(repr=False)
    probability: float
    verdict: Verdict

    @property
    def logit(self) -> float:
        """The study's logit by the rule of the card, without the 3D expert."""
        return float(logit(self.fusion.classifier_p))

    def by(self, rule: VolumeRule) -> float:
        """The study's logit by another rule."""
        return rule.value(self.slice_logits, np.asarray(self.prepared.extents_mm, np.float64))

    def by_each_rule(self) -> Mapping[str, float]:
        """The study's logit by each rule that serving can apply."""
        return {str(rule): self.by(rule) for rule in CANDIDATES}


def serve(volume: DecodedVolume, networks: ExportedNetworks, other_noise: bool = False) -> ServedStudy:
    """Screen a series; raises a StudyError where serving would not analyse it.

    `other_noise`: the noise of the test-time views has another seed.
    """
    card = networks.card
    study = Study(volume.study_uid, (), ())
    prepared = SeriesPreparation(volume, networks.anatomies).prepared(study, (), card.image_size, card.view_spacing_mm)
    outputs = networks.screen(prepared.views, prepared.lung_masks)
    test_time = _test_time(prepared, outputs, networks, other_noise)
    without_expert = fuse(outputs, test_time, prepared.lung_shares, prepared.extents_mm, card.fusion)
    fusion = networks.with_expert(volume, prepared, without_expert)
    calibrated = probability(fusion.score, card.calibration)
    return ServedStudy(
        prepared,
        outputs,
        fusion,
        slice_logits(outputs, test_time),
        calibrated,
        verdict_of(calibrated, card.operating_point, prepared.coverage),
    )


def threshold_logit(card: ModelCard) -> float:
    """The study's logit at the operating point in force, where the classifier decides."""
    return logit_at(card.operating_point.threshold, card.calibration)


def _test_time(
    prepared: PreparedStudy, outputs: SliceOutputs, networks: ExportedNetworks, other_noise: bool
) -> AugmentedLogits:
    numbers = highest_slices(outputs, networks.card.test_time_slices)
    if not numbers:
        return NOT_AUGMENTED
    plain = prepared.views[list(numbers)]
    if other_noise:  # the noise is seeded from the pixels: one grey level in one corner makes another seed
        plain = plain.copy()
        plain[:, :, 0, 0] ^= 1
    views, masks = augmented_rows(plain, prepared.lung_masks[list(numbers)])
    return AugmentedLogits(numbers, networks.classify(views, masks).reshape(len(numbers), len(VIEWS) - 1))
