"""Stage 5: figures on patients not used in training, thresholds and calibration -> model card and decision.json."""

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
from training.composed_studies import ComposedStudies, compose_studies
from training.decision_fitting import DecisionParameters, fit_decision, reliability_figures
from training.error_range import study_scores
from training.metrics import roc_auc
from training.model_card_tables import finding_results, parts_of, slice_results
from training.model_card_text import EvaluationResults, write_card
from training.networks import Autoencoder, Classifier, Findings, load_network
from training.predictions import Networks, Predictions, onnx_networks, predict, torch_networks
from training.prepared_data import PreparedData
from training.roc_curve import curve_figures
from training.run_evaluation import EvaluatedRun
from training.slice_cache import SliceCache, SliceRow
from training.study_evaluation import study_results
from training.training_run import write_json

DECISION: Final = "decision.json"
SLICES_PER_STUDY: Final = 12
STUDIES_PER_CLASS: Final = 100
TEST_DATA: Final = "studies composed of twelve published slices of one set, of groups that training never saw"


@dataclass(frozen=True)
class Candidates:
    """The checkpoints to evaluate; `repository` holds exported files to evaluate instead of them.

    `compared` are folders of evaluated runs, for the table of runs.
    """

    classifier: Path
    autoencoder: Path
    findings: Path
    repository: Path | None = None
    compared: tuple[Path, ...] = ()

    def networks(self) -> tuple[Classifier, Autoencoder, Findings]:
        """The three networks; raises InvalidCheckpoint."""
        return (
            load_network(Classifier, self.classifier),
            load_network(Autoencoder, self.autoencoder),
            load_network(Findings, self.findings),
        )

    def hashes(self) -> dict[str, str]:
        """SHA-256 of each checkpoint."""
        paths = {"classifier": self.classifier, "autoencoder": self.autoencoder, "findings": self.findings}
        return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in paths.items()}


def evaluate_networks(data: PreparedData, candidates: Candidates, folder: Path, report: Path) -> DecisionParameters:
    """Fit and evaluate; write decision.json into `folder`, and the model card with its figures to `report`."""
    networks = candidates.networks()
    run_networks = onnx_networks(candidates.repository) if candidates.repository else torch_networks(*networks)
    validation, test = (_Side(data, side, run_networks) for side in ("validation", "test"))
    decision = fit_decision(
        (validation.predictions, validation.studies, validation.normal), (test.predictions, test.studies)
    )
    rows = test.rows
    results = EvaluationResults(
        decision=decision,
        slices=list(slice_results(rows, parts_of(test.predictions, decision.error_range), DRAWS)),
        compared=[EvaluatedRun.read(folder) for folder in candidates.compared],
        findings=list(finding_results(rows, test.predictions.findings)),
        studies=list(study_results(rows, test.predictions, decision, SLICES_PER_STUDY)),
        parts=_study_parts(test, decision.error_range),
        before=reliability_figures(decision.test.labels, np.clip(decision.test.scores, 0, 1)),
        after=reliability_figures(decision.test.labels, decision.test.probabilities),
        provenance=_provenance(data, candidates),
    )
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / DECISION, _decision_json(results))
    _draw_figures(results, test, data.cache, networks[1], report.parent / "model-card")
    write_card(results, report)
    return decision


class _Side:
    """One side of the split with its predictions and composed studies."""

    def __init__(self, data: PreparedData, side: Any, run_networks: Networks) -> None:
        self.indices = data.evaluation_slices(side)
        self.rows: Sequence[SliceRow] = [data.cache.rows[index] for index in self.indices]
        self.predictions: Predictions = predict(data.cache, self.indices, run_networks)
        published = [index for index, row in enumerate(self.rows) if row.position is None]
        self.studies: ComposedStudies = compose_studies(self.rows, published, SLICES_PER_STUDY, STUDIES_PER_CLASS)
        self.normal = np.array([index for index in published if self.rows[index].label == 0], np.int64)


def _study_parts(test: _Side, error_range: ErrorRange) -> Mapping[str, float]:
    """ROC-AUC on composed studies of each network alone and of their fusion."""
    studies = test.studies
    errors = test.predictions.errors.astype(np.float64)[studies.members].max(axis=1)
    return {
        "classifier": roc_auc(studies.labels, study_scores(test.predictions, studies, None)),
        "autoencoder": roc_auc(studies.labels, errors),
        "fusion": roc_auc(studies.labels, study_scores(test.predictions, studies, error_range)),
    }


def _provenance(data: PreparedData, candidates: Candidates) -> dict[str, Any]:
    return {
        "checkpoints_sha256": candidates.hashes(),
        "data_key": data.cache.folder.name,
        "held_out": sorted(data.held_out),
        "slices": {side: data.sides.count(side) for side in ("train", "validation", "test")},
        "judged": "exported files" if candidates.repository else "checkpoints",
        "torch": torch.__version__,
    }


def _decision_json(results: EvaluationResults) -> dict[str, Any]:
    figures = {
        "slices": [asdict(result) for result in results.slices],
        "whole_studies": [asdict(result) for result in results.studies],
        "runs": [asdict(run) for run in results.compared],
        "composed_studies_auc": dict(results.parts),
        "before_calibration": results.before,
        "after_calibration": results.after,
        **curve_figures(results.decision.test, TEST_DATA),
    }
    return results.decision.to_json(SLICES_PER_STUDY) | {"provenance": results.provenance, "figures": figures}


def _draw_figures(
    results: EvaluationResults, test: _Side, cache: SliceCache, autoencoder: Autoencoder, folder: Path
) -> None:
    studies = results.decision.test
    cases = {
        name: (studies.labels[studies.datasets == name], studies.scores[studies.datasets == name])
        for name in sorted(set(studies.datasets.tolist()))
    }
    model_card_plots.roc(cases, folder / "roc.png")
    model_card_plots.histogram(studies.labels, studies.probabilities, folder / "probabilities.png")
    model_card_plots.reliability(
        studies.labels, np.clip(studies.scores, 0, 1), studies.probabilities, folder / "reliability.png"
    )
    points = {name: point.threshold for name, point in results.decision.points.items()}
    model_card_plots.thresholds(studies.labels, studies.probabilities, points, folder / "thresholds.png")
    chosen = np.argsort(test.predictions.errors)[:: max(1, len(test.indices) // 6)][:6]
    with torch.inference_mode():
        views = torch.from_numpy(np.stack([cache.views[test.indices[index], 0] for index in chosen]))[:, None]
        target = autoencoder.target(views)
        restored = autoencoder.reconstruct(target)
    pairs = [(before.numpy(), after.numpy()) for before, after in zip(target[:, 0], restored[:, 0], strict=True)]
    model_card_plots.reconstructions(pairs, folder / "reconstructions.png")


__all__ = ["Candidates", "evaluate_networks"]
