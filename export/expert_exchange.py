"""Another 3D expert, or none, in an exported repository: its networks for slices and their decision stay."""

import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from export.decision_parameters import build_model_card
from export.errors import PlanFailed
from export.expert import ExportedExpert
from export.manifest import contract_shapes, file_hashes, write_json
from export.model_config import ensemble_config, network_config, write_config
from export.model_repository import MANIFEST, MODEL_CARD, write_ensemble_version
from export.targets import TARGETS, Target
from screening.contract import EXPERT, EXPERT_ENSEMBLE, Contract
from screening.results.model_card import InvalidModelCard, ModelCard

# Keys of a card that are made from the files; all others are the decision.
OF_FILES: Final = ("version", "trained", "image_size", "activation_size", "error_map_size", "file_hashes")


def exchange_expert(repository: Path, expert: ExportedExpert | None, output: Path) -> ModelCard:
    """Write a copy of `repository` with this expert, or with none, at `output`; `repository` itself may be meant.

    What is at `output` is replaced only if every check passes. Raises InvalidModelCard for a repository whose files are
    not those of its card, PlanFailed for TensorRT plans, and what loading and writing an expert raise: ParityBroken,
    BrokenGraph, InvalidCheckpoint or InvalidModelCard.
    """
    before = ModelCard.load(repository / MODEL_CARD)
    _check_files(repository, before)
    manifest = json.loads((repository / MANIFEST).read_text("utf-8"))
    target = TARGETS[manifest["target"]]
    if target.plan:
        raise PlanFailed(f"{repository.name} holds plans for one GPU: export it anew with --expert3d")
    contract = replace(before.contract, has_expert=expert is not None)
    content = json.loads((repository / MODEL_CARD).read_text("utf-8"))
    decision = {key: value for key, value in content.items() if key not in (*OF_FILES, EXPERT)}
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=output.parent, prefix=".export-") as folder:
        staged = Path(folder) / "repository"
        _copy_without_expert(repository, staged, before)
        figures: Mapping[str, Any] = {}
        if expert is not None:
            decision[EXPERT] = expert.card_section(target, decision)
            precision = target.serving[EXPERT].precision
            figures = expert.write_graph(contract.expert3d, staged / EXPERT / "1" / "model.onnx", precision)
            write_config(network_config(contract.expert3d, target), staged / EXPERT / "config.pbtxt")
            (staged / EXPERT_ENSEMBLE).mkdir()
            write_config(ensemble_config(contract.expert, target), staged / EXPERT_ENSEMBLE / "config.pbtxt")
        content = build_model_card(decision, contract, before.trained, file_hashes(staged))
        after = ModelCard.from_json(content)
        write_ensemble_version(staged, after)
        write_json(content, staged / MODEL_CARD)
        write_json(_manifest(manifest, contract, target, figures), staged / MANIFEST)
        if output.exists():
            output.rename(Path(folder) / "before")
        staged.rename(output)
    return after


def _check_files(repository: Path, card: ModelCard) -> None:
    """The new card names the files that are copied, so a changed one would pass for one that was evaluated."""
    found = {name: one for name, one in file_hashes(repository).items() if name not in (MODEL_CARD, MANIFEST)}
    if changed := sorted({name for name, _ in found.items() ^ card.file_hashes.items()}):
        raise InvalidModelCard(f"{repository.name} holds other files than its card names: {', '.join(changed)}")


def _copy_without_expert(repository: Path, staged: Path, card: ModelCard) -> None:
    """Copy all but the expert, the card, and the folders that carry the version of its weights."""
    left_out = (EXPERT, EXPERT_ENSEMBLE, MODEL_CARD, MANIFEST, str(card.ensemble_version))
    shutil.copytree(repository, staged, ignore=shutil.ignore_patterns(*left_out))


def _manifest(
    before: Mapping[str, Any], contract: Contract, target: Target, figures: Mapping[str, Any]
) -> dict[str, Any]:
    precision = {name: one for name, one in before["precision"].items() if name != EXPERT}
    kept = {name: one for name, one in before.items() if name != EXPERT}
    if figures:
        precision[EXPERT] = target.serving[EXPERT].precision
    own = {"precision": precision, "contract": contract_shapes(contract)}
    return {**kept, **own, **({EXPERT: figures} if figures else {})}
