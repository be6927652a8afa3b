"""Stage 5: figures on patients not used in training, thresholds and calibration -> model card and decision.json."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import nn

from screening.contract import AUTOENCODER, CLASSIFIER, FINDINGS_MODEL, FindingsKind
from screening.evaluation.bootstrap import DRAWS
from screening.evaluation.metrics import reliability_figures, roc_auc
from screening.evaluation.roc_curve import curve_figures
from screening.results.model_card import FusionRules
from training import model_card_plots
from training.composed_studies import SLICES_PER_STUDY, ComposedStudies, compose_studies
from training.decision_fitting import DecisionParameters, fit_decision
from training.error_range import study_scores, without_autoencoder
from training.finding_assessment import SideFindings, assess, findings_json
from training.finding_comparisons import FindingValues
from training.model_card_tables import parts_of, slice_results
from training.model_card_text import EvaluationResults, write_card
from training.networks import (
    Autoencoder,
    Classifier,
    FindingsHead,
    for_views_of,
    kind_of,
    load_findings,
    load_network,
    trained_size,
    with_findings,
)
from training.painted_findings import painted_findings
from training.predictions import Network, Networks, Predictions, onnx_networks, predict, torch_networks
from training.prepared_data import PreparedData
from training.run_evaluation import EvaluatedRun
from training.slice_cache import SliceCache, SliceRow
from training.study_evaluation import study_results
from training.training_run import write_json

DECISION: Final = "decision.json"
STUDIES_PER_CLASS: Final = 100
TEST_DATA: Final = "studies composed of 48 published slices of one set, of groups that training never saw"


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

    def networks(self, size: int) -> dict[str, nn.Module]:
        """The three networks by model name, for views of `size` px; raises InvalidCheckpoint."""
        classifier, findings = load_network(Classifier, self.classifier), load_findings(self.findings)
        autoencoder = load_network(Autoencoder, self.autoencoder)
        return {
            CLASSIFIER: for_views_of(size, classifier, trained_size(self.classifier)),
            AUTOENCODER: for_views_of(size, autoencoder, trained_size(self.autoencoder)),
            FINDINGS_MODEL: with_findings(classifier, findings).eval()
            if isinstance(findings, FindingsHead)
            else for_views_of(size, findings, trained_size(self.findings)),
        }

    @property
    def findings_kind(self) -> FindingsKind:
        """What the outputs of the findings are; raises InvalidCheckpoint."""
        return kind_of(load_findings(self.findings))

    def hashes(self) -> dict[str, str]:
        """SHA-256 of each checkpoint."""
        paths = {"classifier": self.classifier, "autoencoder": self.autoencoder, "findings": self.findings}
        return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in paths.items()}


def evaluate_networks(data: PreparedData, candidates: Candidates, folder: Path, report: Path) -> DecisionParameters:
    """Fit and evaluate; write decision.json into `folder`, and the model card with its figures to `report`."""
    modules = candidates.networks(data.cache.size)
    run_networks = onnx_networks(candidates.repository) if candidates.repository else torch_networks(modules)
    validation, test = (_Side(data, side, run_networks) for side in ("validation", "test"))
    decision = fit_decision(
        (validation.predictions, validation.studies, validation.normal, validation.patients),
        (test.predictions, test.studies, test.patients),
    )
    rows = test.rows
    results = EvaluationResults(
        decision=decision,
        slices=list(slice_results(rows, parts_of(test.predictions, decision.rules), DRAWS)),
        compared=[EvaluatedRun.read(folder) for folder in candidates.compared],
        findings=assess(
            validation.side_findings(run_networks[FINDINGS_MODEL]),
            test.side_findings(run_networks[FINDINGS_MODEL]),
        ),
        studies=list(study_results(rows, test.predictions, decision)),
        parts=_study_parts(test, decision.rules),
        before=reliability_figures(decision.test.labels, np.clip(decision.test.scores, 0, 1)),
        after=reliability_figures(decision.test.labels, decision.test.probabilities),
        provenance=_provenance(data, candidates),
    )
    folder.mkdir(parents=True, exist_ok=True)
    findings = findings_json(results.findings, candidates.findings_kind, candidates.hashes()["findings"])
    write_json(folder / DECISION, _decision_json(results) | {"findings": findings})
    autoencoder = load_network(Autoencoder, candidates.autoencoder)
    _draw_figures(results, test, data.cache, autoencoder, report.parent / "model-card")
    write_card(results, report)
    return decision


class _Side:
    """One side of the split with its predictions and composed studies."""

    def __init__(self, data: PreparedData, side: Any, run_networks: Networks) -> None:
        self.cache, self.indices = data.cache, data.evaluation_slices(side)
        self.rows: Sequence[SliceRow] = [data.cache.rows[index] for index in self.indices]
        self.predictions: Predictions = predict(data.cache, self.indices, run_networks)
        published = [index for index, row in enumerate(self.rows) if row.height_mm is None]
        self.studies: ComposedStudies = compose_studies(self.rows, published, SLICES_PER_STUDY, STUDIES_PER_CLASS)
        self.normal = np.array([index for index in published if self.rows[index].label == 0], np.int64)
        self.patients = self._patients(published)

    def side_findings(self, network: Network) -> SideFindings:
        """The values of the findings for these slices, and for normal ones with painted lesions."""
        real = FindingValues(self.rows, self.predictions.findings)
        return SideFindings(real, painted_findings(self.cache, self.indices, network))

    def _patients(self, published: Sequence[int]) -> tuple[int, int]:
        """Patients with normal slices only, and with pathological ones, of the data sets that make studies."""
        rows = [self.rows[index] for index in published if self.rows[index].dataset in self.studies.datasets]
        pathological = {row.patient for row in rows if row.label == 1}
        return len({row.patient for row in rows} - pathological), len(pathological)


def _study_parts(test: _Side, rules: FusionRules) -> Mapping[str, float]:
    """ROC-AUC on composed studies of each network alone and of their fusion."""
    studies = test.studies
    errors = test.predictions.errors.astype(np.float64)[studies.members].max(axis=1)
    alone = without_autoencoder(rules.error_range)
    return {
        "classifier": roc_auc(studies.labels, study_scores(test.predictions, studies, alone)),
        "autoencoder": roc_auc(studies.labels, errors),
        "fusion": roc_auc(studies.labels, study_scores(test.predictions, studies, rules)),
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
    normal, pathological = results.decision.test.patients
    figures = {
        "patients": {"normal": normal, "pathological": pathological},
        "slices": [asdict(result) for result in results.slices],
        "whole_studies": [asdict(result) for result in results.studies],
        "runs": [asdict(run) for run in results.compared],
        "composed_studies_auc": dict(results.parts),
        "before_calibration": results.before,
        "after_calibration": results.after,
        **curve_figures(results.decision.test, TEST_DATA),
    }
    return results.decision.to_json() | {"provenance": results.provenance, "figures": figures}


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
