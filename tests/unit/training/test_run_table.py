"""Runs are read from their files; the table of runs has their settings and figures."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from training.run_evaluation import RESULTS, SETTINGS, DataSetResult, EvaluatedRun
from training.run_table import run_lines

VALIDATION, TEST = (
    DataSetResult("one", side, 9, auc, 0.7, 0.95) for side, auc in (("validation", 0.9), ("test", 0.85))
)
LEFT_OUT = DataSetResult("two", "left out", 30, 0.76, 0.7, 0.8)


def test_a_run_comes_back_as_it_was_written(tmp_path: Path) -> None:
    settings = {"depth": 18, "encoder": "runs/simclr/encoder.pt", "classifier": "", "steps": 7, "size": 64}
    (tmp_path / SETTINGS).write_text(json.dumps(settings))
    (tmp_path / RESULTS).write_text(json.dumps({"size": 64, "lines": [asdict(TEST), asdict(LEFT_OUT)]}))
    assert EvaluatedRun.read(tmp_path) == EvaluatedRun(tmp_path.name, settings, (TEST, LEFT_OUT))


@pytest.mark.parametrize(
    ("encoder", "classifier", "start"),
    [("", "", "random"), ("runs/simclr/encoder.pt", "", "simclr"), ("", "runs/small/classifier.pt", "small")],
)
def test_a_row_has_initial_weights_steps_and_figures(encoder: str, classifier: str, start: str) -> None:
    settings = {"depth": 34, "encoder": encoder, "classifier": classifier, "painted": 0.5, "steps": 400, "size": 128}
    lines = list(run_lines([EvaluatedRun("run", settings, (VALIDATION, TEST, LEFT_OUT))]))
    assert lines[0].endswith("| one | two |")
    settings_cells = f"| run | 34 | {start} | 0.5 | 400 at 128 |"
    assert lines[2] == f"{settings_cells} 0.900 / 0.850 (0.700-0.950) | left out: **0.760** (0.700-0.800) |"


def test_a_data_set_that_a_run_was_not_evaluated_on_is_a_dash() -> None:
    settings = {"depth": 18, "encoder": "", "classifier": "", "painted": 0, "steps": 1, "size": 64}
    runs = [EvaluatedRun("a", settings, (TEST,)), EvaluatedRun("b", settings, (LEFT_OUT,))]
    assert list(run_lines(runs))[2].endswith("| - / 0.850 (0.700-0.950) | - |")
