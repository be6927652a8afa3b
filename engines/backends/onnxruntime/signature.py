"""Whether a config.pbtxt and a network have the same tensors; checked once, when the model is loaded."""

from typing import Any

ELEMENT_TYPES = {
    "TYPE_BOOL": "tensor(bool)",
    "TYPE_UINT8": "tensor(uint8)",
    "TYPE_INT8": "tensor(int8)",
    "TYPE_INT32": "tensor(int32)",
    "TYPE_INT64": "tensor(int64)",
    "TYPE_FP16": "tensor(float16)",
    "TYPE_FP32": "tensor(float)",
    "TYPE_FP64": "tensor(double)",
}
FREE = -1  # an axis of any size


class InvalidConfig(Exception):
    """config.pbtxt and the network do not match."""


def check_signature(config: dict[str, Any], session: Any) -> None:
    """Raise InvalidConfig unless the config has all inputs and only outputs of the network, of equal type and shape."""
    inputs, outputs = _by_name(session.get_inputs()), _by_name(session.get_outputs())
    configured_inputs = {tensor["name"] for tensor in config["input"]}
    configured_outputs = {tensor["name"] for tensor in config["output"]}
    if configured_inputs != inputs.keys():
        raise InvalidConfig(f"inputs in config.pbtxt {sorted(configured_inputs)}, in the network {sorted(inputs)}")
    if not configured_outputs <= outputs.keys():
        raise InvalidConfig(f"outputs in config.pbtxt {sorted(configured_outputs)}, in the network {sorted(outputs)}")
    batched = int(config["max_batch_size"]) > 0
    for tensor in (*config["input"], *config["output"]):
        _check_tensor(tensor, (inputs | outputs)[tensor["name"]], batched)


def _by_name(tensors: list[Any]) -> dict[str, Any]:
    return {tensor.name: tensor for tensor in tensors}


def _check_tensor(configured: dict[str, Any], actual: Any, batched: bool) -> None:
    sizes = configured["reshape"]["shape"] if "reshape" in configured else configured["dims"]
    shape = [FREE] * batched + [int(size) for size in sizes]
    found = [size if isinstance(size, int) else FREE for size in actual.shape]
    if ELEMENT_TYPES.get(configured["data_type"]) != actual.type or shape != found:
        raise InvalidConfig(
            f"{configured['name']} is {configured['data_type']} {shape} in config.pbtxt, {actual.type} {found} in the "
            "network (-1 is free; with max_batch_size > 0 the first axis is the batch and must be free)"
        )
