"""A prepared phantom, possible outputs of the networks for it, and a model card."""

from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from screening.contract import FINDINGS, FindingsKind
from screening.intake.upload import Budgets
from screening.phantom.phantom_study import write_phantom
from screening.preparation import PreparedStudy, prepare, survey
from screening.results.finding_rules import FindingRules
from screening.results.fusion import NOT_AUGMENTED, Fusion, SliceOutputs, fuse
from screening.results.model_card import Calibration, ErrorRange, FusionRules, ModelCard, OperatingPoint
from screening.results.volume_rule import MAXIMUM
from screening.series.studies import Study

SLICES = 24
SIZE = 128
POINT = OperatingPoint("balanced", 0.5)
RULES = FusionRules(MAXIMUM, ErrorRange(0.5, 1.5), error_clip=1000.0, error_min_lung_share=0.0)
FINDING_RULES = FindingRules(FindingsKind.MULTI_LABEL, {"Emphysema": 0.5, "Lung nodule": 0.8})
VIEW_SPACING_MM = 8.0


@cache
def prepared_phantom(image_size: int = 64) -> PreparedStudy:
    """The whole phantom, as a worker prepares it."""
    with TemporaryDirectory() as folder:
        path = write_phantom(Path(folder) / "study.zip", slices=SLICES, size=SIZE)
        return prepare(study_of(path, Path(folder)), image_size, VIEW_SPACING_MM)


@cache
def eight_slices() -> PreparedStudy:
    """Eight slices of the phantom, for outputs that a test writes by hand."""
    return eight_of(prepared_phantom())


def eight_of(whole: PreparedStudy) -> PreparedStudy:
    """Every second of the slices from the third on, eight in all."""
    some = list(range(2, 18, 2))
    return replace(
        whole,
        slice_indices=tuple(whole.slice_indices[number] for number in some),
        sop_uids=tuple(whole.sop_uids[number] for number in some),
        extents_mm=tuple(whole.extents_mm[number] for number in some),
        views=whole.views[some],
        lung_masks=whole.lung_masks[some],
    )


def study_of(path: Path, scratch: Path) -> Study:
    (study,) = survey(path, scratch, Budgets()).studies
    assert isinstance(study, Study)
    return study


def outputs_of(slices: int = 8, **changed: Any) -> SliceOutputs:
    """Outputs of a normal study: p is near 0, r is 0, no finding reaches its threshold."""
    values = {
        "logits": np.full(slices, -9.0, np.float32),
        "activation": np.full((slices, 8, 8), -12.0, np.float32),
        "reconstruction_error": np.full(slices, 0.5, np.float32),
        "error_map": np.zeros((slices, 16, 16), np.float32),
        "findings": np.full((slices, len(FINDINGS)), 1 / len(FINDINGS), np.float32),
    }
    return SliceOutputs(**(values | changed))


def fusion_of(outputs: SliceOutputs) -> Fusion:
    """The fusion of outputs for the eight slices, by the card's rules."""
    prepared = eight_slices()
    return fuse(outputs, NOT_AUGMENTED, prepared.lung_shares, prepared.extents_mm, RULES)


def card_of(*, trained: bool = True) -> ModelCard:
    """A card whose calibration is sigmoid(10 s - 5) of the score s, with the operating point at 0.5."""
    return ModelCard(
        version="test-1",
        trained=trained,
        image_size=64,
        activation_size=8,
        error_map_size=16,
        view_spacing_mm=VIEW_SPACING_MM,
        test_time_slices=4,
        fusion=RULES,
        calibration=Calibration(10.0, -5.0),
        operating_points={POINT.name: POINT},
        operating_point=POINT,
        file_hashes={"classifier/1/model.onnx": "0" * 64},
        findings=FINDING_RULES,
    )
