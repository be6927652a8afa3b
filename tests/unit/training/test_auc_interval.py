import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.auc_interval import auc_interval
from training.metrics import roc_auc

COUNTS = st.integers(1, 300)


@given(st.floats(0, 1), COUNTS, COUNTS)
def test_the_interval_holds_the_auc_and_has_a_width(auc: float, pathological: int, normal: int) -> None:
    found = auc_interval(auc, pathological, normal)
    assert 0 <= found.low <= auc <= found.high <= 1
    assert found.low < found.high


@given(st.floats(0.05, 0.95), COUNTS, COUNTS)
def test_fewer_patients_give_a_wider_interval(auc: float, pathological: int, normal: int) -> None:
    few, many = auc_interval(auc, pathological, normal), auc_interval(auc, 4 * pathological, 4 * normal)
    assert few.high - few.low > many.high - many.low


def test_it_holds_the_true_auc_about_as_often_as_it_says() -> None:
    """Scores of two normal distributions one deviation apart: the true AUC is 0.7602."""
    random = np.random.default_rng(3)
    labels = np.repeat([0, 1], [22, 45])
    held = 0
    for _ in range(400):
        found = auc_interval(roc_auc(labels, random.normal(labels.astype(np.float64))), 45, 22)
        held += found.low <= 0.7602 <= found.high
    assert 0.92 <= held / 400 <= 0.99


def test_without_patients_there_is_no_interval() -> None:
    with pytest.raises(ValueError, match="both classes"):
        auc_interval(0.9, 0, 10)
