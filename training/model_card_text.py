"""docs/model-card.md: what the weights can do and what they cannot, in tables that evaluation measured."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from training.decision_fitting import CHOSEN, Judgement
from training.model_card_tables import FindingLine, SliceTable
from training.run_evaluation import JudgedRun
from training.run_table import run_lines
from training.study_evaluation import StudyLine

BEGIN: Final = "<!-- measured: begin; written by `turnstile train evaluate`, edits below are lost -->"
END: Final = "<!-- measured: end -->"
RUNS: Final = "Runs on one split: ROC-AUC of single slices, validation / test (95 % CI), one view each"


@dataclass(frozen=True)
class Evidence:
    """Everything that was measured."""

    judgement: Judgement
    slices: Sequence[SliceTable]
    compared: Sequence[JudgedRun]
    findings: Sequence[FindingLine]
    studies: Sequence[StudyLine]
    parts: Mapping[str, float]
    before: Mapping[str, float]
    after: Mapping[str, float]
    provenance: Mapping[str, Any]


def write_card(evidence: Evidence, path: Path) -> None:
    """Replace what is between the two marks and keep a person's words around them; make the page if there is none."""
    measured = "\n".join((BEGIN, "", *_sections(evidence), END))
    page = path.read_text("utf-8") if path.is_file() else f"# Model card\n\n{BEGIN}\n{END}\n"
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{before}{measured}{after}", "utf-8")


def _sections(evidence: Evidence) -> Iterator[str]:
    yield from _section("Single slices, test patients", _slices(evidence.slices))
    if evidence.compared:
        yield from _section(RUNS, run_lines(evidence.compared))
    yield from _section("Whole studies that no training saw", _studies(evidence.studies))
    yield from _section("Composed studies: what each part adds (ROC-AUC)", _parts(evidence.parts))
    yield from _section("Operating points, composed test studies", _points(evidence.judgement))
    yield from _section("Calibration, composed test studies", _calibration(evidence))
    yield from _section("Findings", _findings(evidence.findings))
    yield from _section("Provenance", (f"- {key}: `{value}`" for key, value in evidence.provenance.items()))
    yield "![ROC](model-card/roc.png) ![Probabilities](model-card/probabilities.png)"
    yield "![Reliability](model-card/reliability.png) ![Thresholds](model-card/thresholds.png)"
    yield "![Slices above, as redrawn below](model-card/reconstructions.png)\n"


def _section(title: str, lines: Iterator[str]) -> Iterator[str]:
    yield f"## {title}\n"
    yield from lines
    yield ""


def _slices(lines: Sequence[SliceTable]) -> Iterator[str]:
    yield "| scores | data set | slices | patients | ROC-AUC (95 % CI) | average precision (95 % CI) |"
    yield "|---|---|---|---|---|---|"
    for line in lines:
        yield f"| {line.part} | {line.dataset} | {line.slices} | {line.patients} | {line.auc} | {line.precision} |"


def _studies(lines: Sequence[StudyLine]) -> Iterator[str]:
    yield "| study | truth | classifier | autoencoder | probability | called pathology at | ROC-AUC of its slices |"
    yield "|---|---|---|---|---|---|---|"
    for line in lines:
        truth, called = ("normal", "pathology")[line.label], ", ".join(line.called) or "none"
        figures = f"{line.classifier:.3f} | {line.autoencoder:.3f} | {line.probability:.3f}"
        yield f"| {line.study} | {truth} | {figures} | {called} | {_number(line.slices_auc)} |"


def _parts(parts: Mapping[str, float]) -> Iterator[str]:
    yield "| part | ROC-AUC |"
    yield "|---|---|"
    for name, auc in parts.items():
        yield f"| {name} | {auc:.3f} |"


def _points(judgement: Judgement) -> Iterator[str]:
    yield "| point | threshold | sensitivity | specificity | precision | F1 | rule-out rate |"
    yield "|---|---|---|---|---|---|---|"
    for name, point in judgement.points.items():
        mark = f"**{name}**" if name == CHOSEN else name
        intervals = f"{point.sensitivity} | {point.specificity}"
        decision = f"{point.decision.precision:.3f} | {point.decision.f1:.3f}"
        yield f"| {mark} | {point.threshold:.3f} | {intervals} | {decision} | {point.rule_out_rate} |"


def _calibration(evidence: Evidence) -> Iterator[str]:
    calibration, errors = evidence.judgement.calibration, evidence.judgement.error_range
    yield f"Platt: a = {calibration.a:.4f}, b = {calibration.b:.4f}. "
    yield f"Reconstruction error: r_min = {errors.r_min:.5f}, r_max = {errors.r_max:.5f}.\n"
    yield "| | Brier | ECE |"
    yield "|---|---|---|"
    for name, figures in (("before", evidence.before), ("after", evidence.after)):
        yield f"| {name} | {figures['brier']:.3f} | {figures['ece']:.3f} |"


def _findings(lines: Sequence[FindingLine]) -> Iterator[str]:
    yield "| finding | certain | ROC-AUC | recall of first place | first in the soft targets | agreement |"
    yield "|---|---|---|---|---|---|"
    for line in lines:
        figures = f"{line.certain} | {_number(line.auc)} | {_number(line.recall)} | {line.taught}"
        yield f"| {line.name} | {figures} | {_number(line.agreement)} |"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
