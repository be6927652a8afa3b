"""Arms are compared on the same slices and patients; their scores come back from the table as they were written."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from screening.evaluation.metrics import roc_auc
from training.run_comparison import Arm, DifferentSlices, compare, comparison_lines
from training.slice_scores import PartScores, read_scores, write_scores

PATIENTS = np.repeat([f"patient_{number}" for number in range(20)], 4)
LABELS = np.repeat(np.arange(20) % 2, 4).astype(np.int64)


@pytest.fixture
def arms(tmp_path: Path) -> list[Arm]:
    """Chance with one run, and a good arm with two."""
    for seed, (run, signal) in enumerate((("chance", 0.0), ("good_1", 2.0), ("good_2", 4.0))):
        _write_run(tmp_path / run, signal, seed)
    return [Arm.of("chance=chance", tmp_path), Arm.of("good=good_1,good_2", tmp_path)]


def test_scores_come_back_as_they_were_written(tmp_path: Path) -> None:
    parts = [replace(_part(1.0, 0), dataset=name, side=side) for name, side in (("a", "test"), ("b", "left out"))]
    write_scores(tmp_path, parts)
    for written, read in zip(parts, read_scores(tmp_path), strict=True):
        assert (read.dataset, read.side) == (written.dataset, written.side)
        for name in ("slices", "patients", "labels", "logits"):
            assert np.array_equal(getattr(read, name), getattr(written, name))


def test_an_arm_is_the_mean_of_its_runs_and_held_against_the_first(arms: list[Arm]) -> None:
    chance, good = compare(arms)
    expected = [roc_auc(LABELS, _part(signal, seed).logits) for signal, seed in ((2.0, 1), (4.0, 2))]
    assert good.slices.runs == pytest.approx(expected)
    assert good.slices.auc.value == pytest.approx(np.mean(expected))
    assert (chance.slices.difference, chance.patients.difference) == (None, None)
    for level, first in ((good.slices, chance.slices), (good.patients, chance.patients)):
        assert level.difference is not None
        assert level.difference.value == pytest.approx(level.auc.value - first.auc.value)
        assert level.difference.low > 0


def test_a_patient_counts_once_with_the_mean_of_its_slices(arms: list[Arm]) -> None:
    chance, _ = compare(arms)
    means = _part(0.0, 0).logits.reshape(20, 4).mean(axis=1)
    assert chance.patients.auc.value == pytest.approx(roc_auc(LABELS[::4], means))


def test_the_table_has_a_row_for_each_arm(arms: list[Arm]) -> None:
    header, _, chance, good = comparison_lines(compare(arms))
    assert header.count("|") == chance.count("|") == good.count("|")
    assert "against chance" in header
    assert chance.startswith("| one, left out | chance | ")
    assert chance.count("| - |") == 2
    assert " to +" in good


def test_runs_on_other_slices_are_not_compared(arms: list[Arm], tmp_path: Path) -> None:
    write_scores(tmp_path / "good_2", [replace(_part(1.0, 0), slices=np.arange(1, 81))])
    with pytest.raises(DifferentSlices, match="one, left out"):
        compare(arms)


def _write_run(folder: Path, signal: float, seed: int) -> None:
    folder.mkdir()
    write_scores(folder, [_part(signal, seed)])


def _part(signal: float, seed: int) -> PartScores:
    noise = np.random.default_rng(seed).standard_normal(len(LABELS))
    return PartScores("one", "left out", np.arange(len(LABELS)), PATIENTS, LABELS, noise + signal * LABELS)
