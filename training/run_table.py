"""The table of runs: how each classifier was trained, and what it reaches on each data set."""

from collections.abc import Iterator, Sequence
from pathlib import PurePath
from typing import Any

from training.run_evaluation import JudgedRun, Line


def run_lines(runs: Sequence[JudgedRun]) -> Iterator[str]:
    """Markdown: a row for each run, a column for each data set that any of them was judged on."""
    datasets = sorted({line.dataset for run in runs for line in run.lines})
    yield f"| run | layers | from | painted | steps at px | {' | '.join(datasets)} |"
    yield f"|---|---|---|---|---|{'---|' * len(datasets)}"
    for run in runs:
        told = f"{run.settings['depth']} | {_start(run.settings)} | {run.settings['painted']:g}"
        steps = f"{run.settings['steps']} at {run.settings['size']}"
        yield f"| {run.name} | {told} | {steps} | {' | '.join(_cell(run.lines, name) for name in datasets)} |"


def _start(settings: dict[str, Any]) -> str:
    """The stage or the run that the weights came from."""
    source = settings["encoder"] or settings["classifier"]
    return PurePath(source).parent.name if source else "nothing"


def _cell(lines: Sequence[Line], dataset: str) -> str:
    sides = {line.side: line for line in lines if line.dataset == dataset}
    if "left out" in sides:
        line = sides["left out"]
        return f"left out: **{line.auc:.3f}** ({line.low:.3f}-{line.high:.3f})"
    test = sides.get("test")
    if test is None:
        return "-"
    validation = f"{sides['validation'].auc:.3f}" if "validation" in sides else "-"
    return f"{validation} / {test.auc:.3f} ({test.low:.3f}-{test.high:.3f})"
