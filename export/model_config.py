"""config.pbtxt of every model, built with Triton's protobuf classes."""

from pathlib import Path
from typing import Any, Final

from google.protobuf import text_format
from tritonclient.grpc import model_config_pb2 as triton

from export.targets import QUEUE_LIMIT, QUEUE_TIMEOUT_US, Serving, Target
from screening.contract import Ensemble, Priority, Signature, Tensor

_DATA_TYPES: Final = {"UINT8": triton.TYPE_UINT8, "FP32": triton.TYPE_FP32}


def network_config(signature: Signature, target: Target) -> Any:
    """Configuration of one network: ONNX Runtime's backend, or TensorRT's platform for a plan."""
    serving = target.serving[signature.model]
    config = triton.ModelConfig(
        name=signature.model,
        max_batch_size=serving.max_batch,
        input=[_input(tensor) for tensor in signature.inputs],
        output=[_output(tensor) for tensor in signature.outputs],
        version_policy=_latest(),
        instance_group=[_instances(serving, target)],
        dynamic_batching=_batching(serving),
        model_warmup=[_warmup(signature, batch) for batch in sorted({1, serving.max_batch})],
        response_cache=_no_cache(),
    )
    if target.plan:
        config.platform = "tensorrt_plan"
    else:
        config.backend = "onnxruntime"
        _tune_onnxruntime(config, signature, serving, target)
    return config


def ensemble_config(ensemble: Ensemble, target: Target) -> Any:
    """Configuration of an ensemble: one request runs all of its steps; tensors have the same names everywhere."""
    steps = [
        triton.ModelEnsembling.Step(
            model_name=step.model,
            model_version=-1,
            input_map={tensor.name: tensor.name for tensor in step.inputs},
            output_map={tensor.name: tensor.name for tensor in step.outputs},
        )
        for step in ensemble.steps
    ]
    return triton.ModelConfig(
        name=ensemble.model,
        platform="ensemble",
        max_batch_size=min(target.serving[step.model].max_batch for step in ensemble.steps),
        input=[_input(tensor) for tensor in ensemble.inputs],
        output=[_output(tensor) for tensor in ensemble.outputs],
        version_policy=_latest(),
        response_cache=_no_cache(),
        ensemble_scheduling=triton.ModelEnsembling(step=steps),
    )


def write_config(config: Any, path: Path) -> None:
    """Write the configuration as protobuf text."""
    path.write_text(text_format.MessageToString(config), "utf-8")


def _input(tensor: Tensor) -> Any:
    return triton.ModelInput(name=tensor.name, data_type=_DATA_TYPES[tensor.dtype], dims=tensor.shape)


def _output(tensor: Tensor) -> Any:
    return triton.ModelOutput(name=tensor.name, data_type=_DATA_TYPES[tensor.dtype], dims=tensor.shape)


def _latest() -> Any:
    return triton.ModelVersionPolicy(latest=triton.ModelVersionPolicy.Latest(num_versions=1))


def _no_cache() -> Any:
    """No response cache: slices repeat only when a study is screened twice, and hashing would slow down every study."""
    return triton.ModelResponseCache(enable=False)


def _instances(serving: Serving, target: Target) -> Any:
    kind = triton.ModelInstanceGroup.KIND_GPU if target.gpu else triton.ModelInstanceGroup.KIND_CPU
    return triton.ModelInstanceGroup(kind=kind, count=serving.instances)


def _batching(serving: Serving) -> Any:
    return triton.ModelDynamicBatching(
        preferred_batch_size=serving.preferred_batches,
        max_queue_delay_microseconds=serving.delay_us,
        priority_levels=len(Priority),
        default_priority_level=Priority.ROUTINE,
        priority_queue_policy={level: _queue(timeout_us) for level, timeout_us in QUEUE_TIMEOUT_US.items()},
    )


def _queue(timeout_us: int) -> Any:
    return triton.ModelQueuePolicy(
        timeout_action=triton.ModelQueuePolicy.REJECT,
        default_timeout_microseconds=timeout_us,
        allow_timeout_override=True,
        max_queue_size=QUEUE_LIMIT,
    )


def _warmup(signature: Signature, batch: int) -> Any:
    inputs = {
        tensor.name: triton.ModelWarmup.Input(data_type=_DATA_TYPES[tensor.dtype], dims=tensor.shape, random_data=True)
        for tensor in signature.inputs
    }
    return triton.ModelWarmup(name=f"batch_{batch}", batch_size=batch, inputs=inputs, count=1)


def _tune_onnxruntime(config: Any, signature: Signature, serving: Serving, target: Target) -> None:
    """Set parameters of NVIDIA's onnxruntime backend."""
    if target.gpu:
        tensorrt = config.optimization.execution_accelerators.gpu_execution_accelerator.add(name="tensorrt")
        tensorrt.parameters.update(
            precision_mode="FP16",
            trt_engine_cache_enable="true",
            trt_engine_cache_path=f"/tmp/turnstile-tensorrt/{signature.model}",  # noqa: S108  # inside the container
            trt_profile_min_shapes=shapes(signature, 1),
            trt_profile_opt_shapes=shapes(signature, serving.preferred_batches[0]),
            trt_profile_max_shapes=shapes(signature, serving.max_batch),
        )
    else:
        if serving.openvino:
            config.optimization.execution_accelerators.cpu_execution_accelerator.add(name="openvino")
        config.parameters["intra_op_thread_count"].string_value = str(serving.threads)
        config.parameters["inter_op_thread_count"].string_value = "1"


def shapes(signature: Signature, batch: int) -> str:
    """The inputs' shapes in TensorRT's syntax, as in `view:8x1x224x224`."""
    return ",".join(
        f"{tensor.name}:{'x'.join(str(side) for side in (batch, *tensor.shape))}" for tensor in signature.inputs
    )
