"""Writes the measured tables of docs/model-card.md."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from training.decision_fitting import DEFAULT_POINT, DecisionParameters
from training.finding_assessment import FindingAssessment
from training.finding_table import finding_lines
from training.model_card_tables import SliceResult
from training.run_evaluation import EvaluatedRun
from training.run_table import run_lines
from training.study_evaluation import StudyResult

BEGIN: Final = "<!-- measured: begin; written by `turnstile train evaluate`, edits below are lost -->"
END: Final = "<!-- measured: end -->"
RUNS: Final = "Runs on one split: ROC-AUC of single slices, validation / test (95 % CI), one view each"


@dataclass(frozen=True)
class EvaluationResults:
    """All results of the evaluation."""

    decision: DecisionParameters
    slices: Sequence[SliceResult]
    compared: Sequence[EvaluatedRun]
    findings: Sequence[FindingAssessment]
    studies: Sequence[StudyResult]
    parts: Mapping[str, float]
    before: Mapping[str, float]
    after: Mapping[str, float]
    provenance: Mapping[str, Any]


def write_card(results: EvaluationResults, path: Path) -> None:
    """Replace the text between the marks `BEGIN` and `END` and keep the rest; create the page if it is missing."""
    measured = "\n".join((BEGIN, "", *_sections(results), END))
    page = path.read_text("utf-8") if path.is_file() else f"# Model card\n\n{BEGIN}\n{END}\n"
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{before}{measured}{after}", "utf-8")


def _sections(results: EvaluationResults) -> Iterator[str]:
    yield from _section("Single slices, test patients", _slices(results.slices))
    if results.compared:
        yield from _section(RUNS, run_lines(results.compared))
    yield from _section("Whole studies not used in training", _studies(results.studies))
    yield from _section("Composed studies: ROC-AUC of each network and of fusion", _parts(results.parts))
    yield from _section("Operating points, composed test studies", _points(results.decision))
    yield from _section("Calibration, composed test studies", _calibration(results))
    yield from _section("Findings", finding_lines(results.findings))
    yield from _section("Provenance", (f"- {key}: `{value}`" for key, value in results.provenance.items()))
    yield "![ROC](model-card/roc.png) ![Probabilities](model-card/probabilities.png)"
    yield "![Reliability](model-card/reliability.png) ![Thresholds](model-card/thresholds.png)"
    yield "![Slices above, their reconstructions below](model-card/reconstructions.png)\n"


def _section(title: str, lines: Iterator[str]) -> Iterator[str]:
    yield f"## {title}\n"
    yield from lines
    yield ""


def _slices(lines: Sequence[SliceResult]) -> Iterator[str]:
    yield "| scores | data set | slices | patients | ROC-AUC (95 % CI) | average precision (95 % CI) |"
    yield "|---|---|---|---|---|---|"
    for line in lines:
        yield f"| {line.part} | {line.dataset} | {line.slices} | {line.patients} | {line.auc} | {line.precision} |"


def _studies(lines: Sequence[StudyResult]) -> Iterator[str]:
    yield "| study | label | classifier | autoencoder | probability | pathology at | ROC-AUC of its slices |"
    yield "|---|---|---|---|---|---|---|"
    for line in lines:
        label, called = ("normal", "pathology")[line.label], ", ".join(line.called) or "none"
        figures = f"{line.classifier:.3f} | {line.autoencoder:.3f} | {line.probability:.3f}"
        yield f"| {line.study} | {label} | {figures} | {called} | {_number(line.slices_auc)} |"


def _parts(parts: Mapping[str, float]) -> Iterator[str]:
    yield "| part | ROC-AUC |"
    yield "|---|---|"
    for name, auc in parts.items():
        yield f"| {name} | {auc:.3f} |"


def _points(decision: DecisionParameters) -> Iterator[str]:
    normal, pathological = decision.test.patients
    yield f"Intervals are exact (Clopper-Pearson), as of the {normal} normal and {pathological} pathological patients"
    yield "whose slices the studies are composed of; no whole studies of that many patients were at hand.\n"
    yield "| point | threshold | sensitivity | specificity | precision | F1 | rule-out rate |"
    yield "|---|---|---|---|---|---|---|"
    for name, point in decision.points.items():
        mark = f"**{name}**" if name == DEFAULT_POINT else name
        intervals = f"{point.sensitivity} | {point.specificity}"
        figures = f"{point.decision.precision:.3f} | {point.decision.f1:.3f}"
        yield f"| {mark} | {point.threshold:.3f} | {intervals} | {figures} | {point.rule_out_rate} |"


def _calibration(results: EvaluationResults) -> Iterator[str]:
    calibration, rules = results.decision.calibration, results.decision.rules
    errors = rules.error_range
    yield f"Platt, of the {calibration.of}: a = {calibration.a:.4f}, b = {calibration.b:.4f}. "
    yield f"Volume rule: {rules.volume_rule}. "
    yield f"Reconstruction error: r_min = {errors.r_min:.5f}, r_max = {errors.r_max:.5f}, clipped to"
    yield f"{rules.error_clip:g}, 0 where less than {rules.error_min_lung_share:.0%} of a view is lung that counts.\n"
    yield "| | Brier | ECE |"
    yield "|---|---|---|"
    for name, figures in (("before", results.before), ("after", results.after)):
        yield f"| {name} | {figures['brier']:.3f} | {figures['ece']:.3f} |"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
