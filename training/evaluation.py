"""Stage 5: figures on patients that training never saw, thresholds, calibration -> model card and judgement.json."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from screening.model_card import ErrorRange
from training import model_card_plots
from training.bootstrap import DRAWS
from training.composed_studies import Composed, compose
from training.decision_fitting import Judgement, judge, reliability_figures
from training.error_range import study_scores
from training.metrics import roc_auc
from training.model_card_tables import finding_lines, parts_of, slice_lines
from training.model_card_text import Evidence, write_card
from training.networks import Autoencoder, Classifier, Findings, load_network
from training.predictions import Answer, Predictions, onnx_networks, predict, torch_networks
from training.prepared_data import Workbench
from training.roc_curve import curve_figures
from training.run_evaluation import JudgedRun
from training.slice_cache import Cache, Row
from training.study_evaluation import StudyLine, study_lines
from training.training_run import write_json

SLICES_PER_STUDY: Final = 12
STUDIES_PER_CLASS: Final = 100
JUDGED: Final = "studies composed of twelve published slices of one set, of groups that training never saw"


@dataclass(frozen=True)
class Candidates:
    """The checkpoints to judge; `repository` holds exported files to ask instead; `compared`
    are folders of judged runs, for a table beside them."""

    classifier: Path
    autoencoder: Path
    findings: Path
    repository: Path | None = None
    compared: tuple[Path, ...] = ()

    def networks(self) -> tuple[Classifier, Autoencoder, Findings]:
        """The three networks, read strictly."""
        return (
            load_network(Classifier, self.classifier),
            load_network(Autoencoder, self.autoencoder),
            load_network(Findings, self.findings),
        )

    def hashes(self) -> dict[str, str]:
        """sha256 of each checkpoint."""
        paths = {"classifier": self.classifier, "autoencoder": self.autoencoder, "findings": self.findings}
        return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in paths.items()}


def evaluate_networks(bench: Workbench, candidates: Candidates, folder: Path, report: Path) -> Judgement:
    """Judge, and write judgement.json into `folder` and the model card with its figures to `report`."""
    networks = candidates.networks()
    answer = onnx_networks(candidates.repository) if candidates.repository else torch_networks(*networks)
    validation, test = (_Side(bench, side, answer) for side in ("validation", "test"))
    judgement = judge((validation.predictions, validation.studies, validation.normal), (test.predictions, test.studies))
    rows = test.rows
    evidence = Evidence(
        judgement=judgement,
        slices=list(slice_lines(rows, parts_of(test.predictions, judgement.error_range), DRAWS)),
        compared=[JudgedRun.read(folder) for folder in candidates.compared],
        findings=list(finding_lines(rows, test.predictions.findings)),
        studies=list(study_lines(rows, test.predictions, judgement, SLICES_PER_STUDY)),
        parts=_study_parts(test, judgement.error_range),
        before=reliability_figures(judgement.test.labels, np.clip(judgement.test.scores, 0, 1)),
        after=reliability_figures(judgement.test.labels, judgement.test.probabilities),
        provenance=_provenance(bench, candidates),
    )
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "judgement.json", _judgement_json(evidence))
    _draw(evidence, test, bench.cache, networks[1], report.parent / "model-card")
    write_card(evidence, report)
    return judgement


class _Side:
    """One side of the split with what the networks say of it."""

    def __init__(self, bench: Workbench, side: Any, answer: Answer) -> None:
        self.places = bench.judging(side)
        self.rows: Sequence[Row] = [bench.cache.rows[place] for place in self.places]
        self.predictions: Predictions = predict(bench.cache, self.places, answer)
        published = [place for place, row in enumerate(self.rows) if row.position is None]
        self.studies: Composed = compose(self.rows, published, SLICES_PER_STUDY, STUDIES_PER_CLASS)
        self.normal = np.array([place for place in published if self.rows[place].label == 0], np.int64)


def _study_parts(test: _Side, error_range: ErrorRange) -> Mapping[str, float]:
    """ROC-AUC on composed studies of each part alone and of their fusion."""
    studies = test.studies
    errors = test.predictions.errors.astype(np.float64)[studies.members].max(axis=1)
    return {
        "classifier": roc_auc(studies.labels, study_scores(test.predictions, studies, None)),
        "autoencoder": roc_auc(studies.labels, errors),
        "fusion": roc_auc(studies.labels, study_scores(test.predictions, studies, error_range)),
    }


def _provenance(bench: Workbench, candidates: Candidates) -> dict[str, Any]:
    return {
        "checkpoints_sha256": candidates.hashes(),
        "data_key": bench.cache.folder.name,
        "held_out": sorted(bench.held_out),
        "slices": {side: bench.sides.count(side) for side in ("train", "validation", "test")},
        "judged": "exported files" if candidates.repository else "checkpoints",
        "torch": torch.__version__,
    }


def _judgement_json(evidence: Evidence) -> dict[str, Any]:
    shown = {
        "slices": [asdict(line) for line in evidence.slices],
        "whole_studies": [asdict(line) for line in evidence.studies],
        "runs": [asdict(run) for run in evidence.compared],
        "composed_studies_auc": dict(evidence.parts),
        "before_calibration": evidence.before,
        "after_calibration": evidence.after,
        **curve_figures(evidence.judgement.test, JUDGED),
    }
    return evidence.judgement.to_json(SLICES_PER_STUDY) | {"provenance": evidence.provenance, "figures": shown}


def _draw(evidence: Evidence, test: _Side, cache: Cache, autoencoder: Autoencoder, folder: Path) -> None:
    judged = evidence.judgement.test
    cases = {
        name: (judged.labels[judged.datasets == name], judged.scores[judged.datasets == name])
        for name in sorted(set(judged.datasets.tolist()))
    }
    model_card_plots.roc(cases, folder / "roc.png")
    model_card_plots.histogram(judged.labels, judged.probabilities, folder / "probabilities.png")
    model_card_plots.reliability(
        judged.labels, np.clip(judged.scores, 0, 1), judged.probabilities, folder / "reliability.png"
    )
    points = {name: point.threshold for name, point in evidence.judgement.points.items()}
    model_card_plots.thresholds(judged.labels, judged.probabilities, points, folder / "thresholds.png")
    chosen = np.argsort(test.predictions.errors)[:: max(1, len(test.places) // 6)][:6]
    with torch.inference_mode():
        views = torch.from_numpy(np.stack([cache.looks[test.places[place], 0] for place in chosen]))[:, None]
        target = autoencoder.target(views)
        redrawn = autoencoder.reconstruct(target)
    pairs = [(before.numpy(), after.numpy()) for before, after in zip(target[:, 0], redrawn[:, 0], strict=True)]
    model_card_plots.reconstructions(pairs, folder / "reconstructions.png")


__all__ = ["Candidates", "StudyLine", "evaluate_networks"]
