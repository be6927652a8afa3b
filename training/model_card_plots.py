"""Plots of the model card as PNG, by matplotlib without a display."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from screening.evaluation.metrics import Labels, Scores, decide, roc_auc, roc_curve

DPI = 110


def curves(lines: Mapping[str, Sequence[tuple[float, float]]], path: Path) -> None:
    """One panel for each named series of (step, value)."""
    drawing, panels = _panels(len(lines))
    for panel, (name, points) in zip(panels, lines.items(), strict=True):
        panel.plot(*np.array(points).T)
        panel.set(title=name, xlabel="step")
    _save(drawing, path)


def roc(cases: Mapping[str, tuple[Labels, Scores]], path: Path) -> None:
    """One ROC curve for each data set."""
    drawing, (panel,) = _panels(1)
    for name, (labels, scores) in cases.items():
        panel.plot(*roc_curve(labels, scores), label=f"{name}: {roc_auc(labels, scores):.3f}")
    panel.plot((0, 1), (0, 1), color="grey", linewidth=0.5)
    panel.set(xlabel="1 - specificity", ylabel="sensitivity")
    panel.legend(fontsize="small")
    _save(drawing, path)


def histogram(labels: Labels, probabilities: Scores, path: Path) -> None:
    """Histogram of the probabilities of normal and of pathological cases."""
    drawing, (panel,) = _panels(1)
    for label, name in ((0, "normal"), (1, "pathology")):
        panel.hist(probabilities[labels == label], bins=np.linspace(0, 1, 26).tolist(), alpha=0.6, label=name)
    panel.set(xlabel="probability", ylabel="cases")
    panel.legend()
    _save(drawing, path)


def reliability(labels: Labels, before: Scores, after: Scores, path: Path, bins: int = 10) -> None:
    """Reliability diagram before and after calibration: fraction of pathology over mean probability of each bin."""
    drawing, (panel,) = _panels(1)
    for name, probabilities in (("before", before), ("after", after)):
        indices = np.minimum((probabilities * bins).astype(int), bins - 1)
        used = np.unique(indices)
        points = [(probabilities[indices == index].mean(), labels[indices == index].mean()) for index in used]
        panel.plot(*np.array(points).T, marker="o", label=name)
    panel.plot((0, 1), (0, 1), color="grey", linewidth=0.5)
    panel.set(xlabel="mean probability", ylabel="share of pathology")
    panel.legend()
    _save(drawing, path)


def thresholds(labels: Labels, probabilities: Scores, points: Mapping[str, float], path: Path) -> None:
    """Sensitivity, specificity and rule-out rate over the threshold, with the operating points."""
    drawing, (panel,) = _panels(1)
    levels = np.linspace(0.005, 0.995, 199)
    decisions = [decide(labels, probabilities, level) for level in levels]
    for name in ("sensitivity", "specificity", "rule_out_rate"):
        panel.plot(levels, [getattr(decision, name) for decision in decisions], label=name)
    for name, threshold in points.items():
        panel.axvline(threshold, color="grey", linewidth=0.5)
        panel.text(threshold, 0.02, name, rotation=90, fontsize="x-small")
    panel.set(xlabel="threshold")
    panel.legend()
    _save(drawing, path)


def reconstructions(pairs: Sequence[tuple[NDArray[np.float32], NDArray[np.float32]]], path: Path) -> None:
    """Slices in the first row, their reconstructions by the autoencoder in the second; signed values."""
    drawing = Figure(figsize=(2 * len(pairs), 4), dpi=DPI, layout="constrained")
    panels = drawing.subplots(2, len(pairs), squeeze=False)
    for column, pair in enumerate(pairs):
        for row, view in enumerate(pair):
            panels[row, column].imshow(view, cmap="gray", vmin=-1, vmax=1)
            panels[row, column].set_axis_off()
    _save(drawing, path)


def _panels(count: int) -> tuple[Figure, list[Axes]]:
    drawing = Figure(figsize=(5 * count, 4), dpi=DPI, layout="constrained")
    return drawing, [drawing.add_subplot(1, count, index + 1) for index in range(count)]


def _save(drawing: Figure, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    FigureCanvasAgg(drawing)  # registers itself as the canvas of savefig
    drawing.savefig(path)
