from pathlib import Path
from typing import Any

import pytest
from google.protobuf import text_format
from tritonclient.grpc import model_config_pb2 as triton

from export.model_config import ensemble_config, network_config, write_config
from export.model_repository import contract_of
from export.targets import TARGETS, TargetName
from screening.contract import EXPERT, Priority

CONTRACT = contract_of(64)


@pytest.mark.parametrize("target", ["cpu", "cuda", "tensorrt"])
def test_configs_are_read_back_by_tritons_own_classes(target: TargetName, tmp_path: Path) -> None:
    for step in CONTRACT.steps:
        config = network_config(step, TARGETS[target])
        write_config(config, tmp_path / "config.pbtxt")
        assert text_format.Parse((tmp_path / "config.pbtxt").read_text(), triton.ModelConfig()) == config


def test_tensors_are_the_contracts() -> None:
    config = network_config(CONTRACT.autoencoder, TARGETS["cpu"])
    assert _tensors(config.input) == {"view": (1, 64, 64), "lung_mask": (1, 64, 64)}
    assert _tensors(config.output) == {"reconstruction_error": (1,), "error_map": (8, 8)}
    assert {tensor.data_type for tensor in config.input} == {triton.TYPE_UINT8}
    assert {tensor.data_type for tensor in config.output} == {triton.TYPE_FP32}


def test_every_output_of_the_ensemble_comes_from_one_step() -> None:
    config = ensemble_config(CONTRACT.ensemble, TARGETS["cpu"])
    given = [name for step in config.ensemble_scheduling.step for name in step.output_map.values()]
    assert sorted(given) == sorted(_tensors(config.output))
    assert {name for step in config.ensemble_scheduling.step for name in step.input_map.values()} == {
        "view",
        "lung_mask",
    }


@pytest.mark.parametrize("target", TARGETS.values(), ids=lambda target: target.name)
def test_the_ensemble_has_no_larger_batch_than_any_network(target: Any) -> None:
    networks = {step.model: network_config(step, target) for step in CONTRACT.steps}
    for ensemble in CONTRACT.ensembles:
        limits = [networks[step.model].max_batch_size for step in ensemble.steps]
        assert ensemble_config(ensemble, target).max_batch_size <= min(limits)
    for network in networks.values():
        assert {warmup.batch_size for warmup in network.model_warmup} == {1, network.max_batch_size}
        assert all(size <= network.max_batch_size for size in network.dynamic_batching.preferred_batch_size)


@pytest.mark.parametrize("target", TARGETS.values(), ids=lambda target: target.name)
def test_every_queue_is_bounded_and_routine_by_default(target: Any) -> None:
    for step in CONTRACT.steps:
        batching = network_config(step, target).dynamic_batching
        assert (batching.priority_levels, batching.default_priority_level) == (len(Priority), Priority.ROUTINE)
        assert batching.priority_queue_policy.keys() == set(Priority)
        for policy in batching.priority_queue_policy.values():
            assert policy.max_queue_size > 0
            assert policy.default_timeout_microseconds > 0


def test_the_cpu_target_uses_the_keys_of_nvidias_backend() -> None:
    config = network_config(CONTRACT.classifier, TARGETS["cpu"])
    assert config.backend == "onnxruntime"
    assert config.parameters["intra_op_thread_count"].string_value == "1"
    assert config.instance_group[0].kind == triton.ModelInstanceGroup.KIND_CPU


def test_only_the_expert_runs_in_openvino_and_on_a_cpu_alone() -> None:
    for target in TARGETS.values():
        for step in (*CONTRACT.steps, CONTRACT.expert3d):
            accelerators = network_config(step, target).optimization.execution_accelerators.cpu_execution_accelerator
            wanted = step.model == EXPERT and not target.gpu
            assert [accelerator.name for accelerator in accelerators] == ["openvino"] * wanted


def test_a_larger_machine_gets_more_instances_of_the_classifier_alone() -> None:
    target = TARGETS["cpu"].with_instances(8)
    counts = [network_config(step, target).instance_group[0].count for step in CONTRACT.steps]
    assert counts == [8, 2]


def test_the_cuda_target_has_tensorrt_make_fp16() -> None:
    config = network_config(CONTRACT.autoencoder, TARGETS["cuda"])
    (accelerator,) = config.optimization.execution_accelerators.gpu_execution_accelerator
    assert (config.backend, accelerator.name) == ("onnxruntime", "tensorrt")
    assert accelerator.parameters["precision_mode"] == "FP16"
    assert accelerator.parameters["trt_profile_max_shapes"] == "view:64x1x64x64,lung_mask:64x1x64x64"
    assert config.instance_group[0].kind == triton.ModelInstanceGroup.KIND_GPU


def test_the_tensorrt_target_serves_plans() -> None:
    config = network_config(CONTRACT.findings, TARGETS["tensorrt"])
    assert (config.platform, config.backend) == ("tensorrt_plan", "")


def _tensors(tensors: Any) -> dict[str, tuple[int, ...]]:
    return {tensor.name: tuple(tensor.dims) for tensor in tensors}
