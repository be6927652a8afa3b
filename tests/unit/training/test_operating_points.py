import numpy as np
import pytest
import torch
from torchmetrics.functional.classification import binary_f1_score

from screening.evaluation.metrics import decide
from screening.evaluation.operating_points import FITS, best_f1, best_youden, operating_points, with_sensitivity
from screening.evaluation.platt_calibration import fit_platt

RANDOM = np.random.default_rng(11)
LABELS = RANDOM.integers(0, 2, 200)
PROBABILITIES = np.clip(0.35 * LABELS + RANDOM.random(200) * 0.6, 0.01, 0.99)


def test_the_five_operating_points() -> None:
    assert set(operating_points(LABELS, PROBABILITIES)) == set(FITS)
    assert len(FITS) == 5


def test_best_f1_equals_a_search_with_torchmetrics() -> None:
    found = decide(LABELS, PROBABILITIES, best_f1(LABELS, PROBABILITIES)).f1
    given, wanted = torch.from_numpy(PROBABILITIES), torch.from_numpy(LABELS)
    searched = max(float(binary_f1_score(given, wanted, level)) for level in np.linspace(0, 1, 1001))
    assert found >= searched - 1e-6


def test_best_youden_equals_a_search() -> None:
    found = decide(LABELS, PROBABILITIES, best_youden(LABELS, PROBABILITIES))
    searched = [decide(LABELS, PROBABILITIES, level) for level in np.linspace(0, 1, 1001)]
    assert found.sensitivity + found.specificity >= max(d.sensitivity + d.specificity for d in searched) - 1e-9


@pytest.mark.parametrize("least", [0.5, 0.95, 0.99, 1.0])
def test_the_threshold_is_the_highest_with_the_required_sensitivity(least: float) -> None:
    threshold = with_sensitivity(LABELS, PROBABILITIES, least)
    assert decide(LABELS, PROBABILITIES, threshold).sensitivity >= least
    assert decide(LABELS, PROBABILITIES, np.nextafter(threshold, 1)).sensitivity < least


def test_half_of_the_studies_are_normal_at_the_median() -> None:
    point = operating_points(LABELS, PROBABILITIES)["median"]
    assert decide(LABELS, PROBABILITIES, point).rule_out_rate == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("name", sorted(FITS))
def test_a_weight_of_n_counts_as_n_studies(name: str) -> None:
    weights = np.random.default_rng(3).integers(1, 5, len(LABELS))
    often = FITS[name](np.repeat(LABELS, weights), np.repeat(PROBABILITIES, weights), None)
    assert FITS[name](LABELS, PROBABILITIES, weights / 7) == pytest.approx(often, abs=1e-12)


def test_no_threshold_is_raised_above_a_study_that_it_must_find() -> None:
    labels, probabilities = np.array([0, 0, 1, 1]), np.array([1e-7, 1e-9, 1e-6, 1.0])
    assert operating_points(labels, probabilities)["high_sensitivity"] <= 1e-6


def test_calibration_is_monotone_and_beats_its_neighbours() -> None:
    scores = PROBABILITIES * 3 - 1
    found = fit_platt(LABELS, scores)
    assert found.a > 0
    best = _loss(found.a, found.b, scores)
    assert all(_loss(found.a + da, found.b + db, scores) >= best for da in (-0.1, 0, 0.1) for db in (-0.1, 0, 0.1))


def test_calibration_stays_finite_and_rising_on_separable_and_on_reversed_scores() -> None:
    labels = np.array([0, 0, 1, 1])
    assert 0 < fit_platt(labels, np.array([0.0, 0.1, 0.9, 1.0])).a < 50
    assert fit_platt(labels, np.array([1.0, 0.9, 0.1, 0.0])).a > 0


def _loss(a: float, b: float, scores: np.typing.NDArray[np.float64]) -> float:
    pathological, normal = LABELS.sum(), (1 - LABELS).sum()
    targets = np.where(LABELS == 1, (pathological + 1) / (pathological + 2), 1 / (normal + 2))
    p = 1 / (1 + np.exp(-(a * scores + b)))
    return float(-(targets * np.log(p) + (1 - targets) * np.log(1 - p)).sum())
