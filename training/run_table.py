"""The table of runs: settings of each classifier's training, and its ROC-AUC on each data set."""

from collections.abc import Iterator, Sequence
from pathlib import PurePath
from typing import Any

from training.run_evaluation import DataSetResult, EvaluatedRun


def run_lines(runs: Sequence[EvaluatedRun]) -> Iterator[str]:
    """Markdown: a row for each run, a column for each data set that a run was evaluated on."""
    datasets = sorted({line.dataset for run in runs for line in run.lines})
    yield f"| run | layers | initial weights | pairs | steps at px | {' | '.join(datasets)} |"
    yield f"|---|---|---|---|---|{'---|' * len(datasets)}"
    for run in runs:
        settings = f"{run.settings['depth']} | {_initial_weights(run.settings)} | {run.settings['painted']:g}"
        steps = f"{run.settings['steps']} at {run.settings['size']}"
        yield f"| {run.name} | {settings} | {steps} | {' | '.join(_cell(run.lines, name) for name in datasets)} |"


def _initial_weights(settings: dict[str, Any]) -> str:
    """The stage or run that the initial weights are from."""
    source = settings["encoder"] or settings["classifier"]
    return PurePath(source).parent.name if source else "random"


def _cell(lines: Sequence[DataSetResult], dataset: str) -> str:
    sides = {line.side: line for line in lines if line.dataset == dataset}
    if "left out" in sides:
        line = sides["left out"]
        return f"left out: **{line.auc:.3f}** ({line.low:.3f}-{line.high:.3f})"
    test = sides.get("test")
    if test is None:
        return "-"
    validation = f"{sides['validation'].auc:.3f}" if "validation" in sides else "-"
    return f"{validation} / {test.auc:.3f} ({test.low:.3f}-{test.high:.3f})"
