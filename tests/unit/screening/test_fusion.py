import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from screening.contract import FINDINGS, VIEWS
from screening.errors import EngineFault
from screening.fusion import SliceOutputs, fuse, normalised_error, view_probability
from screening.model_card import ErrorRange

RANGE = ErrorRange(0.5, 1.5)


def outputs(**changed: np.ndarray) -> SliceOutputs:
    values = {
        "logits": np.zeros((3, len(VIEWS)), np.float32),
        "activation": np.zeros((3, 7, 7), np.float32),
        "reconstruction_error": np.full(3, 0.5, np.float32),
        "error_map": np.zeros((3, 28, 28), np.float32),
        "findings": np.full((3, len(FINDINGS)), 1 / len(FINDINGS), np.float32),
    }
    return SliceOutputs(**(values | changed))


def test_closed_form() -> None:
    fusion = fuse(outputs(), RANGE)
    assert (fusion.classifier_p, fusion.reconstruction_r, fusion.score) == (0.5, 0.0, 0.5)


def test_the_autoencoder_alone_can_decide() -> None:
    fusion = fuse(outputs(reconstruction_error=np.array([0.5, 1.4, 0.6], np.float32)), RANGE)
    assert fusion.score == fusion.reconstruction_r == pytest.approx(0.9)
    assert fusion.key == 1


def test_views_are_averaged_as_logits_not_as_probabilities() -> None:
    logits = np.zeros((3, len(VIEWS)), np.float32)
    logits[2] = (10.0, 0.0, 0.0, 0.0, 0.0)
    assert view_probability(logits)[2] == pytest.approx(1 / (1 + math.exp(-2.0)))


@given(
    arrays(np.float32, (4, len(VIEWS)), elements=st.floats(-1e4, 1e4, width=32)),
    arrays(np.float32, 4, elements=st.floats(0, 10, width=32)),
)
def test_against_a_simple_implementation(logits: np.ndarray, error: np.ndarray) -> None:
    scores = []
    for view_logits, one in zip(logits.astype(float), error.astype(float), strict=True):
        mean = sum(view_logits) / len(VIEWS)
        p = 1 / (1 + math.exp(-mean)) if mean > -700 else 0.0
        scores.append(max(p, (one - RANGE.r_min) / (RANGE.r_max - RANGE.r_min)))
    np.testing.assert_allclose(
        np.maximum(view_probability(logits), normalised_error(error, RANGE)), scores, rtol=1e-6, atol=1e-12
    )


@pytest.mark.parametrize("name", ["logits", "activation", "reconstruction_error", "error_map", "findings"])
@pytest.mark.parametrize("poison", [math.nan, math.inf, -math.inf])
def test_a_value_that_is_not_finite_is_an_engine_fault(name: str, poison: float) -> None:
    values = getattr(outputs(), name).copy()
    values.flat[0] = poison
    with pytest.raises(EngineFault, match=name):
        outputs(**{name: values})


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("logits", (3, 4)),
        ("logits", (0, 5)),
        ("reconstruction_error", (3, 1)),
        ("findings", (2, 16)),
        ("error_map", (3, 28)),
    ],
)
def test_a_wrong_shape_is_an_engine_fault(name: str, shape: tuple[int, ...]) -> None:
    with pytest.raises(EngineFault, match="shape"):
        outputs(**{name: np.zeros(shape, np.float32)})
