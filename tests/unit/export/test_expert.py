"""The optional 3D expert in a repository: graph, configurations and card belong together, or the export is refused."""

import json
from dataclasses import replace
from pathlib import Path

import onnxruntime
import pytest
import torch
from google.protobuf import text_format
from tritonclient.grpc import model_config_pb2

from export.calibration_views import CalibrationViews
from export.expert import ExportedExpert
from export.model_repository import ExportedRepository, ExportRequest, export_repository
from export.targets import TARGETS
from screening.contract import EXPERT
from screening.results.expert_rules import ExpertRules
from screening.results.model_card import InvalidModelCard
from training.networks import save_network
from training.networks.expert import Expert3d

RULES = {"slope": 1.5, "shift": -0.5, "grey_zone": [0.1, 0.6], "figures": {"kept": "for the reader"}}


@pytest.fixture(scope="module")
def expert(tmp_path_factory: pytest.TempPathFactory) -> ExportedExpert:
    folder = tmp_path_factory.mktemp("expert")
    torch.manual_seed(0)
    save_network(Expert3d(), folder / "expert.pt", 32)
    (folder / "expert3d.json").write_text(json.dumps(RULES))
    return ExportedExpert(folder / "expert.pt", folder / "expert3d.json")


@pytest.fixture(scope="module")
def with_expert(
    expert: ExportedExpert, views: CalibrationViews, tmp_path_factory: pytest.TempPathFactory
) -> ExportedRepository:
    request = ExportRequest(TARGETS["cpu"], views, expert=expert)
    return export_repository(request, tmp_path_factory.mktemp("export") / "repository")


def test_the_card_has_the_rules_and_the_ensemble_its_version(with_expert: ExportedRepository) -> None:
    card = with_expert.card
    assert card.expert3d == ExpertRules(1.5, -0.5, (0.1, 0.6), every_study=False)
    assert "expert3d/1/model.onnx" in card.file_hashes
    assert (with_expert.path / "expert" / str(card.ensemble_version)).is_dir()


def test_configurations_name_the_tensors_of_the_graph(with_expert: ExportedRepository) -> None:
    contract = with_expert.card.contract
    session = onnxruntime.InferenceSession(with_expert.path / EXPERT / "1" / "model.onnx")
    for model, outputs in ((EXPERT, contract.expert3d.outputs), ("expert", contract.expert.outputs)):
        text = (with_expert.path / model / "config.pbtxt").read_text()
        config = text_format.Parse(text, model_config_pb2.ModelConfig())
        assert [one.name for one in config.input] == [one.name for one in session.get_inputs()]
        assert [one.name for one in config.output] == [one.name for one in outputs]
        assert config.max_batch_size == 1


def test_the_manifest_says_where_it_comes_from(with_expert: ExportedRepository) -> None:
    manifest = json.loads((with_expert.path / "export_manifest.json").read_text())[EXPERT]
    assert manifest["backbone"] == "light"
    assert manifest["largest_difference"] < 1e-2
    assert manifest["multiply_adds_per_block"] > 1e8


def test_a_gpu_asks_it_about_every_study(expert: ExportedExpert) -> None:
    assert not expert.card_section(TARGETS["cpu"])["every_study"]
    assert expert.card_section(TARGETS["cuda"])["every_study"]


def test_without_it_nothing_of_it_is_written(exported: ExportedRepository) -> None:
    assert exported.card.expert3d is None
    assert not (exported.path / EXPERT).exists()
    assert not (exported.path / "expert").exists()


@pytest.mark.parametrize("content", ["{", "{}", json.dumps(RULES | {"grey_zone": [0.6, 0.1]})])
def test_rules_that_cannot_be_used_are_refused(expert: ExportedExpert, tmp_path: Path, content: str) -> None:
    (tmp_path / "rules.json").write_text(content)
    with pytest.raises(InvalidModelCard, match=r"rules\.json"):
        replace(expert, rules=tmp_path / "rules.json").card_section(TARGETS["cpu"])
