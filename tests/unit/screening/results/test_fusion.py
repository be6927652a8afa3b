import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from screening.contract import FINDINGS, VIEWS
from screening.errors import EngineFault
from screening.results.fusion import (
    NOT_AUGMENTED,
    AugmentedLogits,
    Fusion,
    SliceOutputs,
    fuse,
    highest_slices,
    normalised_error,
    slice_logits,
)
from screening.results.model_card import ErrorRange, FusionRules
from screening.results.volume_rule import MAXIMUM, RuleName, VolumeRule

RANGE = ErrorRange(0.5, 1.5)
RULES = FusionRules(MAXIMUM, RANGE, error_clip=1000.0, error_min_lung_share=0.1)
OTHERS = len(VIEWS) - 1


def outputs(**changed: np.ndarray) -> SliceOutputs:
    values = {
        "logits": np.zeros(3, np.float32),
        "activation": np.zeros((3, 7, 7), np.float32),
        "reconstruction_error": np.full(3, 0.5, np.float32),
        "error_map": np.zeros((3, 28, 28), np.float32),
        "findings": np.full((3, len(FINDINGS)), 1 / len(FINDINGS), np.float32),
    }
    return SliceOutputs(**(values | changed))


def fused(made: SliceOutputs, rules: FusionRules = RULES, shares: tuple[float, ...] = (0.5, 0.5, 0.5)) -> Fusion:
    return fuse(made, NOT_AUGMENTED, np.array(shares), (8.0, 8.0, 8.0), rules)


def test_closed_form() -> None:
    fusion = fused(outputs())
    assert (fusion.classifier_p, fusion.reconstruction_r, fusion.score) == (0.5, 0.0, 0.5)


def test_the_autoencoder_decides_as_far_as_the_card_lets_it() -> None:
    odd = outputs(reconstruction_error=np.array([0.5, 1.4, 0.6], np.float32))
    assert fused(odd).score == fused(odd).reconstruction_r == pytest.approx(0.9)
    assert fused(odd).key == 1
    clipped = fused(odd, FusionRules(MAXIMUM, RANGE, 0.3, 0.1))
    assert clipped.reconstruction_r == pytest.approx(0.3)
    assert clipped.score == 0.5
    off = fused(odd, FusionRules(MAXIMUM, RANGE, 0.0, 0.1))
    assert off.score == off.classifier_p


def test_the_error_of_a_sliver_of_lung_does_not_count() -> None:
    odd = outputs(reconstruction_error=np.array([27.0, 0.5, 0.5], np.float32))
    assert fused(odd, shares=(0.09, 0.5, 0.5)).score == 0.5
    assert fused(odd, shares=(0.1, 0.5, 0.5)).score == pytest.approx(26.5)


def test_views_are_averaged_as_logits_not_as_probabilities() -> None:
    plain = outputs(logits=np.array([0.0, 0.0, 10.0], np.float32))
    others = AugmentedLogits((2,), np.zeros((1, OTHERS), np.float32))
    assert slice_logits(plain, others).tolist() == [0.0, 0.0, pytest.approx(10 / len(VIEWS))]


def test_the_highest_slices_get_test_time_views() -> None:
    made = outputs(logits=np.array([1.0, 3.0, 3.0], np.float32))
    assert highest_slices(made, 2) == (1, 2)
    assert highest_slices(made, 1) == (1,)
    assert highest_slices(made, 9) == (0, 1, 2)


@given(
    arrays(np.float32, 4, elements=st.floats(-1e4, 1e4, width=32)),
    arrays(np.float32, (2, OTHERS), elements=st.floats(-1e4, 1e4, width=32)),
    arrays(np.float32, 4, elements=st.floats(0, 10, width=32)),
)
def test_against_a_simple_implementation(plain: np.ndarray, others: np.ndarray, error: np.ndarray) -> None:
    made = SliceOutputs(
        plain, np.zeros((4, 2, 2), np.float32), error, np.zeros((4, 3, 3), np.float32), np.zeros((4, 16), np.float32)
    )
    fusion = fuse(made, AugmentedLogits((1, 3), others), np.ones(4), (1.0, 2.0, 3.0, 4.0), RULES)
    scores = []
    for number, one in enumerate(error.astype(float)):
        views = [float(plain[number]), *(others[(number - 1) // 2].astype(float) if number in (1, 3) else ())]
        mean = sum(views) / len(views)
        p = 1 / (1 + math.exp(-mean)) if mean > -700 else 0.0
        scores.append(max(p, (one - RANGE.r_min) / (RANGE.r_max - RANGE.r_min)))
    np.testing.assert_allclose(fusion.slice_scores, scores, rtol=1e-6, atol=1e-12)
    assert fusion.score == pytest.approx(max(scores), rel=1e-6, abs=1e-12)
    assert fusion.test_time == (1, 3)


def test_the_volume_rule_of_the_card_is_applied_to_logits_and_errors() -> None:
    rules = FusionRules(VolumeRule(RuleName.MEAN_OF_HIGHEST, 16.0), RANGE, 1000.0, 0.0)
    made = outputs(
        logits=np.array([4.0, 2.0, -9.0], np.float32), reconstruction_error=np.array([0.5, 0.7, 0.9], np.float32)
    )
    fusion = fused(made, rules)
    assert fusion.classifier_p == pytest.approx(1 / (1 + math.exp(-3.0)))
    assert fusion.reconstruction_r == pytest.approx(0.3)


def test_normalised_error_in_closed_form() -> None:
    assert normalised_error(np.array([0.5, 1.0, 2.5], np.float32), RANGE).tolist() == [0.0, 0.5, 2.0]


@pytest.mark.parametrize("name", ["logits", "activation", "reconstruction_error", "error_map", "findings"])
@pytest.mark.parametrize("poison", [math.nan, math.inf, -math.inf])
def test_a_value_that_is_not_finite_is_an_engine_fault(name: str, poison: float) -> None:
    values = getattr(outputs(), name).copy()
    values.flat[0] = poison
    with pytest.raises(EngineFault, match=name):
        outputs(**{name: values})


def test_a_test_time_logit_that_is_not_finite_is_an_engine_fault() -> None:
    with pytest.raises(EngineFault, match="test-time"):
        AugmentedLogits((0,), np.full((1, OTHERS), np.nan, np.float32))


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("logits", (3, 5)),
        ("logits", (0,)),
        ("reconstruction_error", (3, 1)),
        ("findings", (2, 16)),
        ("error_map", (3, 28)),
    ],
)
def test_a_wrong_shape_is_an_engine_fault(name: str, shape: tuple[int, ...]) -> None:
    with pytest.raises(EngineFault, match="shape"):
        outputs(**{name: np.zeros(shape, np.float32)})


@pytest.mark.parametrize("shape", [(1, OTHERS + 1), (2, OTHERS), (OTHERS,)])
def test_test_time_logits_of_a_wrong_shape_are_an_engine_fault(shape: tuple[int, ...]) -> None:
    with pytest.raises(EngineFault, match="shape"):
        AugmentedLogits((0,), np.zeros(shape, np.float32))
