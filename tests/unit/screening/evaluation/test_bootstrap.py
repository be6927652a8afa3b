import numpy as np

from screening.evaluation.bootstrap import interval
from screening.evaluation.metrics import Labels, Scores, roc_auc

RANDOM = np.random.default_rng(5)
LABELS = RANDOM.integers(0, 2, 60)
SCORES = LABELS * 0.7 + RANDOM.normal(0, 0.6, 60)
PATIENTS = np.array([f"{label}{number // 3}" for number, label in enumerate(LABELS)])


def test_equals_a_second_implementation() -> None:
    found = interval(roc_auc, LABELS, SCORES, PATIENTS, draws=50, seed=9)
    assert (found.low, found.high) == _slow(50, 9)
    assert found.value == roc_auc(LABELS, SCORES)
    assert found.low <= found.value <= found.high


def test_is_seeded() -> None:
    assert interval(roc_auc, LABELS, SCORES, PATIENTS, 20) == interval(roc_auc, LABELS, SCORES, PATIENTS, 20)
    assert interval(roc_auc, LABELS, SCORES, PATIENTS, 20, seed=1) != interval(roc_auc, LABELS, SCORES, PATIENTS, 20)


def test_several_cases_of_one_patient_widen_the_interval() -> None:
    alone = np.arange(60).astype(str)
    twice = [np.repeat(values, 8) for values in (LABELS, SCORES, alone)]
    copies = interval(roc_auc, twice[0], twice[1], twice[2], draws=200)
    naive = interval(roc_auc, twice[0], twice[1], np.arange(480).astype(str), draws=200)
    assert copies.high - copies.low > 1.5 * (naive.high - naive.low)


def test_mean_of_a_constant_has_no_width() -> None:
    def share(labels: Labels, _: Scores) -> float:
        return float(labels.mean())

    found = interval(share, LABELS, SCORES, np.arange(60).astype(str), draws=20)
    assert found.low == found.high == found.value  # drawn within each class, the shares of the classes stay


def _slow(draws: int, seed: int) -> tuple[float, float]:
    random = np.random.default_rng(seed)
    names = [sorted({p for p, y in zip(PATIENTS, LABELS, strict=True) if y == label}) for label in (0, 1)]
    values = []
    for _ in range(draws):
        chosen = [group[k] for group in names for k in random.integers(len(group), size=len(group))]
        cases = [case for name in chosen for case, patient in enumerate(PATIENTS) if patient == name]
        values.append(roc_auc(LABELS[cases], SCORES[cases]))
    low, high = np.percentile(values, (2.5, 97.5))
    return float(low), float(high)
