"""Writes the model repository that Triton serves, atomically."""

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from export.calibration_views import CalibrationViews
from export.decision_parameters import build_model_card, load_decision, placeholder_decision, with_findings_of
from export.errors import InvalidViews
from export.expert import ExportedExpert
from export.half_precision import write_fp16
from export.manifest import add_to_manifest, file_hashes, multiply_adds, provenance_of, sha256, write_json
from export.model_config import ensemble_config, network_config, write_config
from export.onnx_graph import write_onnx
from export.parity import Form, Parity, enforce, measure
from export.plans import Plan, build_plan
from export.quantisation import write_int8
from export.runners import Outputs, run_onnx, run_torch
from export.targets import Precision, Target
from export.weights import Checkpoints, Networks, load_networks
from screening.contract import CLASSIFIER, EXPERT, Contract, FindingsKind
from screening.results.model_card import InvalidModelCard, ModelCard
from training.networks import autoencoder, dense_head
from training.networks.encoder import STRIDE

MODEL_CARD: Final = "model_card.json"
MANIFEST: Final = "export_manifest.json"


@dataclass(frozen=True)
class ExportRequest:
    """What to export. `decision` is the JSON of evaluation: required with all three checkpoints, refused with fewer."""

    target: Target
    views: CalibrationViews
    checkpoints: Checkpoints = field(default_factory=Checkpoints)
    decision: Path | None = None
    seed: int = 0
    expert: ExportedExpert | None = None

    def __post_init__(self) -> None:
        if self.views.image_size % STRIDE:
            raise InvalidViews(f"image size {self.views.image_size} is not a multiple of {STRIDE}")
        if self.checkpoints.complete and self.decision is None:
            raise InvalidModelCard("trained weights need decision.json of evaluation: there are no default thresholds")
        if self.decision is not None and not self.checkpoints.complete:
            raise InvalidModelCard("decision.json is for three trained networks, and a checkpoint is missing")

    @property
    def contract(self) -> Contract:
        size = self.views.image_size
        findings = self.checkpoints.findings_kind
        return contract_of(size, self.checkpoints.autoencoder_size(size), findings, has_expert=self.expert is not None)


@dataclass(frozen=True)
class ExportedRepository:
    """The written repository: path, card, parity by form, and plans by model if the target is TensorRT."""

    path: Path
    card: ModelCard
    parity: Mapping[Form, Parity]
    plans: Mapping[str, Plan]


def export_repository(request: ExportRequest, output: Path) -> ExportedRepository:
    """Write the repository at `output`; an existing one is replaced only if every check passes.

    Raises `ParityBroken`, `BrokenGraph`, `InvalidCheckpoint`, `InvalidModelCard` or `PlanFailed`.
    """
    networks = load_networks(request.checkpoints, request.views, request.seed)
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=output.parent, prefix=".export-") as folder:
        fp32, staged = Path(folder) / "fp32", Path(folder) / "repository"
        _write_graphs(networks, request, fp32, staged)
        expert = request.expert and request.expert.write_graph(
            request.contract.expert3d, _onnx(staged, EXPERT), request.target.serving[EXPERT].precision
        )
        plans = _write_configs(request, staged)
        exported = _check_and_describe(networks, request, fp32, staged, plans)
        if expert:
            add_to_manifest(staged / MANIFEST, EXPERT, expert)
        if output.exists():
            output.rename(Path(folder) / "before")
        staged.rename(output)
    return ExportedRepository(output, exported.card, exported.parity, plans)


def contract_of(
    image_size: int,
    autoencoder_size: int | None = None,
    findings_kind: FindingsKind = FindingsKind.MULTI_LABEL,
    *,
    has_expert: bool = False,
) -> Contract:
    """The contract of the networks at this view size (px), and of an autoencoder that works at another one inside."""
    error_map_size = (autoencoder_size or image_size) // autoencoder.CELL
    return Contract(image_size, image_size // dense_head.CELL, error_map_size, has_expert, findings_kind)


def write_ensemble_version(repository: Path, card: ModelCard) -> None:
    """Create the version folder of each ensemble, named after the card's weights; Triton reads no file in it."""
    for ensemble in card.contract.ensembles:
        version = repository / ensemble.model / str(card.ensemble_version)
        version.mkdir()
        (version / ".gitkeep").touch()  # git stores no empty folder


def _write_graphs(networks: Networks, request: ExportRequest, fp32: Path, staged: Path) -> None:
    modules = networks.by_name()
    for signature in request.contract.steps:
        source, served = _onnx(fp32, signature.model), _onnx(staged, signature.model)
        source.parent.mkdir(parents=True)
        served.parent.mkdir(parents=True)
        write_onnx(modules[signature.model], signature, source)
        match request.target.serving[signature.model].precision:
            case "int8":
                write_int8(source, signature, request.views, served)
            case "fp16":
                write_fp16(source, signature, served)
            case "fp32":
                shutil.copyfile(source, served)


def _write_configs(request: ExportRequest, staged: Path) -> dict[str, Plan]:
    contract, target = request.contract, request.target
    for signature in contract.networks:
        write_config(network_config(signature, target), staged / signature.model / "config.pbtxt")
    for ensemble in contract.ensembles:
        (staged / ensemble.model).mkdir()
        write_config(ensemble_config(ensemble, target), staged / ensemble.model / "config.pbtxt")
    if not target.plan:
        return {}
    return {step.model: build_plan(staged, step, target.serving[step.model]) for step in contract.networks}


def _check_and_describe(
    networks: Networks, request: ExportRequest, fp32: Path, staged: Path, plans: Mapping[str, Plan]
) -> ExportedRepository:
    """Measure and enforce parity, then write model card and manifest."""
    contract, views = request.contract, request.views
    reference = run_torch(networks, contract, views)
    content = build_model_card(_decision(request, reference), contract, networks.trained, file_hashes(staged))
    card = ModelCard.from_json(content)
    write_ensemble_version(staged, card)
    parity: dict[Form, Parity] = {}
    for form, folder in _forms(request.target, fp32, staged).items():
        files = {step.model: _onnx(folder, step.model) for step in contract.steps}
        parity[form] = measure(reference, run_onnx(files, contract, views), views, card)
        enforce(parity[form], form, networks.trained)
    write_json(content, staged / MODEL_CARD)
    write_json(_manifest(networks, request, parity, plans), staged / MANIFEST)
    return ExportedRepository(staged, card, parity, plans)


def _forms(target: Target, fp32: Path, staged: Path) -> dict[Form, Path]:
    """The forms compared with torch: the FP32 graphs always, and the served files if one of them is less precise."""
    served: Precision = target.serving[CLASSIFIER].precision
    return {"fp32": fp32, served: staged}


def _decision(request: ExportRequest, reference: Outputs) -> dict[str, Any]:
    decision = _decision_of_networks(request, reference)
    expert = request.expert and request.expert.card_section(request.target, decision)
    return decision | ({EXPERT: expert} if expert else {})


def _decision_of_networks(request: ExportRequest, reference: Outputs) -> dict[str, Any]:
    kind, findings = request.contract.findings_kind, request.checkpoints.findings
    if request.checkpoints.complete and request.decision is not None and findings is not None:
        return with_findings_of(load_decision(request.decision), kind, sha256(findings))
    return placeholder_decision(reference["reconstruction_error"], kind)


def _manifest(
    networks: Networks, request: ExportRequest, parity: Mapping[Form, Parity], plans: Mapping[str, Plan]
) -> dict[str, Any]:
    modules = networks.by_name()
    return {
        "target": request.target.name,
        "trained": networks.trained,
        "precision": {
            network.model: request.target.serving[network.model].precision for network in request.contract.networks
        },
        "multiply_adds_per_slice": {
            step.model: multiply_adds(modules[step.model], step) for step in request.contract.steps
        },
        "parity_with_torch": {form: figures.to_json() for form, figures in parity.items()},
        "plans": {model: {"built": plan.built, "command": " ".join(plan.command)} for model, plan in plans.items()},
        **provenance_of(request.contract, request.checkpoints, request.views, request.seed),
    }


def _onnx(folder: Path, model: str) -> Path:
    return folder / model / "1" / "model.onnx"
