from pathlib import Path

import onnx
import pytest
import torch

from export.errors import BrokenGraph
from export.model_repository import contract_of
from export.onnx_graph import OPSET, write_onnx
from screening.contract import FindingsKind, Signature
from training.networks import Autoencoder, Classifier

CONTRACT = contract_of(64, findings_kind=FindingsKind.SOFTMAX)  # a classifier without a head of findings


@pytest.fixture(scope="module")
def classifier_onnx(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("onnx") / "model.onnx"
    write_onnx(Classifier(), CONTRACT.classifier, path)
    return path


def test_the_batch_is_the_only_dynamic_axis(classifier_onnx: Path) -> None:
    graph = onnx.load(classifier_onnx).graph
    for value in (*graph.input, *graph.output):
        batch, *others = value.type.tensor_type.shape.dim
        assert batch.dim_param == "batch"
        assert all(dim.dim_value > 0 for dim in others)


def test_batch_normalisation_is_folded_and_old_servers_can_read_it(classifier_onnx: Path) -> None:
    model = onnx.load(classifier_onnx)
    assert "BatchNormalization" not in {node.op_type for node in model.graph.node}
    assert [(opset.domain, opset.version) for opset in model.opset_import] == [("", OPSET)]
    assert model.ir_version <= 10


def test_the_file_has_no_metadata_of_this_machine(classifier_onnx: Path) -> None:
    content = classifier_onnx.read_bytes()
    assert b"stack_trace" not in content
    assert str(Path.cwd()).encode() not in content


def test_a_graph_with_other_tensors_than_the_contracts_is_refused(tmp_path: Path) -> None:
    autoencoder = CONTRACT.autoencoder
    narrower = Signature(
        autoencoder.model, autoencoder.inputs, (autoencoder.outputs[0], contract_of(96).autoencoder.outputs[1])
    )
    with pytest.raises(BrokenGraph, match="error_map"):
        write_onnx(Autoencoder(), narrower, tmp_path / "model.onnx")
    assert not (tmp_path / "model.onnx").exists()
