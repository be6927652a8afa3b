"""The optional 3D expert in a repository: graph, configurations and card belong together, or the export is refused."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Literal

import onnx
import onnxruntime
import pytest
import torch
from google.protobuf import text_format
from scipy.special import expit
from tritonclient.grpc import model_config_pb2

from export.expert import ExportedExpert
from export.manifest import sha256
from export.model_repository import ExportedRepository
from export.targets import TARGETS, TargetName
from screening.contract import EXPERT, Contract
from screening.results.calibration import probability
from screening.results.expert_rules import ExpertRules
from screening.results.model_card import Calibration, InvalidModelCard
from tests.unit.export.conftest import RULES
from tests.unit.training.drawn_trunk import drawn_trunk
from training.networks import save_network
from training.networks.expert import Expert3d, expert3d, teacher_trunk
from training.networks.expert.teacher_backbone import TeacherBackbone

DECISION = {
    "operating_points": {"low": {"threshold": 0.4}, "high": {"threshold": 0.7}},
    "operating_point": "high",
    "calibration": {"a": 2.0, "b": -1.0, "of": "logit"},
}


def test_the_card_has_the_rules_and_the_ensemble_its_version(with_expert: ExportedRepository) -> None:
    card = with_expert.card
    assert card.expert3d is not None
    assert replace(card.expert3d, shift=0.0) == ExpertRules(1.5, 0.0, (0.1, 0.6), every_study=False, farthest_mm=6.5)
    at_threshold = score_of(card.expert3d, 2.0)
    assert probability(at_threshold, card.calibration) == pytest.approx(card.operating_point.threshold, abs=1e-6)
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


def test_the_teachers_backbone_can_be_exported(
    expert: ExportedExpert, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expert3d, "BACKBONES", {"teacher": lambda: TeacherBackbone(drawn_trunk())})
    monkeypatch.setattr(teacher_trunk, "load_trunk", drawn_trunk)
    save_network(Expert3d("teacher"), tmp_path / "teacher.pt", 32)
    exported = replace(expert, checkpoint=tmp_path / "teacher.pt")
    manifest = exported.write_graph(Contract(224, 28, 28).expert3d, tmp_path / "1" / "model.onnx")
    assert manifest["backbone"] == "teacher"
    assert manifest["largest_difference"] < 1e-2


def test_a_gpu_asks_it_about_every_study(expert: ExportedExpert) -> None:
    assert not expert.card_section(TARGETS["cpu"], DECISION)["every_study"]
    assert expert.card_section(TARGETS["cuda"], DECISION)["every_study"]


@pytest.mark.parametrize("point", ["low", "high"])
@pytest.mark.parametrize("of", ["score", "logit"])
def test_its_threshold_lies_at_the_operating_point_of_the_decision_exported(
    expert: ExportedExpert, point: str, of: Literal["score", "logit"]
) -> None:
    decision = DECISION | {"operating_point": point, "calibration": {"a": 2.0, "b": -1.0, "of": of}}
    rules = ExpertRules.from_json(expert.card_section(TARGETS["cpu"], decision))
    expected = {"low": 0.4, "high": 0.7}[point]
    assert probability(score_of(rules, 2.0), Calibration(2.0, -1.0, of)) == pytest.approx(expected, abs=1e-6)


def score_of(rules: ExpertRules, logit: float) -> float:
    return float(expit(rules.slope * logit + rules.shift))


def test_rules_of_other_weights_are_refused(expert: ExportedExpert, tmp_path: Path) -> None:
    torch.manual_seed(1)
    save_network(Expert3d(), tmp_path / "other.pt", 32)
    with pytest.raises(InvalidModelCard, match=r"expert3d\.json is not of other\.pt"):
        replace(expert, checkpoint=tmp_path / "other.pt").card_section(TARGETS["cpu"], DECISION)


def test_without_it_nothing_of_it_is_written(exported: ExportedRepository) -> None:
    assert exported.card.expert3d is None
    assert not (exported.path / EXPERT).exists()
    assert not (exported.path / "expert").exists()


@pytest.mark.parametrize(
    "content",
    ["{", "{}", json.dumps(RULES), json.dumps(RULES | {"checkpoint_sha256": "HASH", "grey_zone": [0.6, 0.1]})],
)
def test_rules_that_cannot_be_used_are_refused(expert: ExportedExpert, tmp_path: Path, content: str) -> None:
    (tmp_path / "rules.json").write_text(content.replace("HASH", sha256(expert.checkpoint)))
    with pytest.raises(InvalidModelCard, match=r"rules\.json"):
        replace(expert, rules=tmp_path / "rules.json").card_section(TARGETS["cpu"], DECISION)


@pytest.mark.parametrize("target", ["cpu", "cuda", "tensorrt"])
def test_it_is_written_in_the_precision_of_the_target(
    expert: ExportedExpert, target: TargetName, tmp_path: Path
) -> None:
    precision = TARGETS[target].serving[EXPERT].precision
    manifest = expert.write_graph(Contract(224, 28, 28).expert3d, tmp_path / "1" / "model.onnx", precision)
    kinds = {tensor.data_type for tensor in onnx.load(tmp_path / "1" / "model.onnx").graph.initializer}
    expected = {"int8": onnx.TensorProto.INT8, "fp16": onnx.TensorProto.FLOAT16, "fp32": onnx.TensorProto.FLOAT}
    assert expected[precision] in kinds
    assert {"int8", "fp16"} & manifest.keys() == {precision} - {"fp32"}
    assert [path.name for path in (tmp_path / "1").iterdir()] == ["model.onnx"]


def test_int8_keeps_the_logits_of_whole_studies(expert: ExportedExpert, tmp_path: Path) -> None:
    figures = expert.write_graph(Contract(224, 28, 28).expert3d, tmp_path / "1" / "model.onnx", "int8")["int8"]
    assert figures["studies"] == 2
    assert 0 < figures["mean_difference"] <= figures["largest_difference"] < 1.0
    assert figures["study_flips"] == 0
