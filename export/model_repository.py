"""From networks to the model repository that Triton serves, in one piece or not at all."""

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from export.calibration_views import CalibrationViews
from export.decision_parameters import card_of, load_judgement, placeholder
from export.errors import InvalidViews
from export.manifest import file_hashes, multiply_adds, origin, write_json
from export.model_config import ensemble_config, network_config, write_config
from export.onnx_graph import write_onnx
from export.parity import Form, Parity, enforce, measure
from export.plans import Plan, build_plan
from export.quantisation import write_int8
from export.runners import Outputs, run_onnx, run_torch
from export.targets import Target
from export.weights import Checkpoints, Networks, load_networks
from screening.contract import Contract
from screening.model_card import InvalidModelCard, ModelCard
from training.networks.autoencoder import CELL
from training.networks.encoder import STRIDE

MODEL_CARD: Final = "model_card.json"
MANIFEST: Final = "export_manifest.json"


@dataclass(frozen=True)
class Order:
    """What to export. `judgement` is the JSON of evaluation; all three checkpoints need it, fewer refuse it."""

    target: Target
    views: CalibrationViews
    checkpoints: Checkpoints = field(default_factory=Checkpoints)
    judgement: Path | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if self.views.image_size % STRIDE:
            raise InvalidViews(f"image size {self.views.image_size} is no multiple of {STRIDE}")
        if self.checkpoints.complete and self.judgement is None:
            raise InvalidModelCard("trained weights need the judgement that evaluation wrote: no default thresholds")
        if self.judgement is not None and not self.checkpoints.complete:
            raise InvalidModelCard("a judgement is of three trained networks, and a checkpoint is missing")

    @property
    def contract(self) -> Contract:
        return contract_of(self.views.image_size)


@dataclass(frozen=True)
class Exported:
    """The written repository, its card, its parity by form, and the plans by model where TensorRT is the target."""

    path: Path
    card: ModelCard
    parity: Mapping[Form, Parity]
    plans: Mapping[str, Plan]


def export_repository(order: Order, output: Path) -> Exported:
    """Write the repository at `output`; what stood there stays untouched unless every check passes.

    Raises `ParityBroken`, `BrokenGraph`, `InvalidCheckpoint`, `InvalidModelCard` or `PlanFailed`.
    """
    networks = load_networks(order.checkpoints, order.views, order.seed)
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=output.parent, prefix=".export-") as folder:
        fp32, staged = Path(folder) / "fp32", Path(folder) / "repository"
        _write_graphs(networks, order, fp32, staged)
        plans = _write_configs(order, staged)
        exported = _judge(networks, order, fp32, staged, plans)
        if output.exists():
            output.rename(Path(folder) / "before")
        staged.rename(output)
    return Exported(output, exported.card, exported.parity, plans)


def contract_of(image_size: int) -> Contract:
    """The contract that the networks keep at this view size (px)."""
    return Contract(image_size, activation_size=image_size // STRIDE, error_map_size=image_size // CELL)


def write_ensemble_version(repository: Path, card: ModelCard) -> None:
    """Give the ensembles the version that the card's weights have; it is a folder without a file that Triton reads."""
    for ensemble in card.contract.ensembles:
        version = repository / ensemble.model / str(card.ensemble_version)
        version.mkdir()
        (version / ".gitkeep").touch()  # git keeps no empty folder


def _write_graphs(networks: Networks, order: Order, fp32: Path, staged: Path) -> None:
    modules = networks.by_name()
    for signature in order.contract.steps:
        source, served = _onnx(fp32, signature.model), _onnx(staged, signature.model)
        source.parent.mkdir(parents=True)
        served.parent.mkdir(parents=True)
        write_onnx(modules[signature.model], signature, source)
        if order.target.serving[signature.model].precision == "int8":
            write_int8(source, signature, order.views, served)
        else:
            shutil.copyfile(source, served)


def _write_configs(order: Order, staged: Path) -> dict[str, Plan]:
    contract, target = order.contract, order.target
    for signature in contract.steps:
        write_config(network_config(signature, target), staged / signature.model / "config.pbtxt")
    for ensemble in contract.ensembles:
        (staged / ensemble.model).mkdir()
        write_config(ensemble_config(ensemble, target), staged / ensemble.model / "config.pbtxt")
    if not target.plan:
        return {}
    return {step.model: build_plan(staged, step, target.serving[step.model]) for step in contract.steps}


def _judge(networks: Networks, order: Order, fp32: Path, staged: Path, plans: Mapping[str, Plan]) -> Exported:
    contract, views = order.contract, order.views
    reference = run_torch(networks, contract, views)
    content = card_of(_judgement(order, reference), contract, networks.trained, file_hashes(staged))
    card = ModelCard.from_json(content)
    write_ensemble_version(staged, card)
    parity: dict[Form, Parity] = {}
    for form, folder in _forms(order.target, fp32, staged).items():
        files = {step.model: _onnx(folder, step.model) for step in contract.steps}
        parity[form] = measure(reference, run_onnx(files, contract, views), views.studies, card)
        enforce(parity[form], form, networks.trained)
    write_json(content, staged / MODEL_CARD)
    write_json(_manifest(networks, order, parity, plans), staged / MANIFEST)
    return Exported(staged, card, parity, plans)


def _forms(target: Target, fp32: Path, staged: Path) -> dict[Form, Path]:
    """What is compared with torch: the FP32 graphs always, the served files where one of them is INT8."""
    quantised = any(serving.precision == "int8" for serving in target.serving.values())
    return {"fp32": fp32, "int8": staged} if quantised else {"fp32": fp32}


def _judgement(order: Order, reference: Outputs) -> dict[str, Any]:
    if order.checkpoints.complete and order.judgement is not None:
        return load_judgement(order.judgement)
    return placeholder(reference["reconstruction_error"])


def _manifest(
    networks: Networks, order: Order, parity: Mapping[Form, Parity], plans: Mapping[str, Plan]
) -> dict[str, Any]:
    modules = networks.by_name()
    return {
        "target": order.target.name,
        "trained": networks.trained,
        "precision": {model: serving.precision for model, serving in order.target.serving.items()},
        "multiply_adds_per_slice": {
            step.model: multiply_adds(modules[step.model], step) for step in order.contract.steps
        },
        "parity_with_torch": {form: figures.to_json() for form, figures in parity.items()},
        "plans": {model: {"built": plan.built, "command": " ".join(plan.command)} for model, plan in plans.items()},
        **origin(order.contract, order.checkpoints, order.views, order.seed),
    }


def _onnx(folder: Path, model: str) -> Path:
    return folder / model / "1" / "model.onnx"
