from dataclasses import replace

import numpy as np
import pytest

from export.calibration_views import CalibrationViews
from export.errors import ParityBroken
from export.model_repository import ExportedRepository
from export.parity import TOLERANCES, Difference, enforce, measure
from screening.results.model_card import ModelCard

MASKS = np.ones((4, 1, 64, 64), np.uint8)
VIEWS = CalibrationViews(np.zeros_like(MASKS), MASKS, np.array([0, 0, 1, 1]))


def test_equal_outputs_have_no_difference(exported: ExportedRepository) -> None:
    parity = measure(_outputs(0.0), _outputs(0.0), VIEWS, exported.card)
    assert (parity.slices, parity.studies, parity.slice_flips, parity.verdict_flips) == (4, 2, 0, 0)
    assert all(difference == Difference(0.0, 0.0) for difference in parity.differences.values())
    enforce(parity, "fp32", trained=True)


def test_flips_are_slices_and_studies_with_another_verdict(exported: ExportedRepository) -> None:
    """A logit of 20 is pathology at any of the card's thresholds, -20 is not: p is 1 or 0 and r is at most 0."""
    reference, candidate = _outputs(0.0), _outputs(0.0)
    reference["logit"][:] = np.array([20.0, 20.0, -20.0, -20.0])[:, np.newaxis]
    candidate["logit"][:] = np.array([20.0, -20.0, 20.0, -20.0])[:, np.newaxis]
    parity = measure(reference, candidate, VIEWS, exported.card)
    assert parity.slice_flips == 2
    assert parity.verdict_flips == 1
    assert parity.differences["logit"] == Difference(40.0, 20.0)
    assert parity.to_json()["slice_flip_rate"] == 0.5


def test_every_exceeded_limit_is_named(exported: ExportedRepository) -> None:
    candidate = _outputs(0.0)
    candidate["findings"][0, 3] = 0.01
    candidate["error_map"][1] = 1.0
    with pytest.raises(ParityBroken, match=r"fp32: error_map differs by 1 .*; findings differs by 0.01"):
        enforce(measure(_outputs(0.0), candidate, VIEWS, exported.card), "fp32", trained=False)


def test_nan_exceeds_every_limit(exported: ExportedRepository) -> None:
    parity = measure(_outputs(0.0), _outputs(0.0), VIEWS, exported.card)
    changed = replace(parity, differences={**parity.differences, "logit": Difference(float("nan"), float("nan"))})
    with pytest.raises(ParityBroken, match="logit"):
        enforce(changed, "int8", trained=False)


def test_the_limit_of_flips_applies_to_trained_weights_only(exported: ExportedRepository) -> None:
    parity = replace(measure(_outputs(0.0), _outputs(0.0), VIEWS, exported.card), slice_flips=1)
    enforce(parity, "int8", trained=False)
    with pytest.raises(ParityBroken, match="1 of 4 slices flip"):
        enforce(parity, "int8", trained=True)


def test_every_output_has_a_limit(exported: ExportedRepository) -> None:
    outputs = {tensor.name for tensor in exported.card.contract.ensemble.outputs}
    assert all(set(tolerance.differences) == outputs for tolerance in TOLERANCES.values())


def test_the_cards_thresholds_are_the_ones_that_decide(exported: ExportedRepository) -> None:
    card: ModelCard = exported.card
    outputs = _outputs(0.0)
    outputs["reconstruction_error"][:] = card.fusion.error_range.r_max
    low = _outputs(0.0)
    low["logit"][:] = -20.0
    assert measure(low, outputs, VIEWS, card).verdict_flips == 2


def _outputs(value: float) -> dict[str, "np.ndarray[tuple[int, ...], np.dtype[np.float32]]"]:
    shapes = {
        "logit": (4, 1),
        "activation": (4, 8, 8),
        "reconstruction_error": (4, 1),
        "error_map": (4, 8, 8),
        "findings": (4, 16),
    }
    return {name: np.full(shape, value, np.float32) for name, shape in shapes.items()}
