"""Requests to Triton over gRPC, and the same networks in ONNX Runtime without Triton."""

from collections.abc import Mapping
from pathlib import Path

import httpx
import numpy as np
import onnxruntime as ort
import tritonclient.grpc.aio as triton

TYPES = {"uint8": "UINT8", "int64": "INT64"}
Arrays = Mapping[str, np.ndarray]


async def ask(
    client: triton.InferenceServerClient, model: str, inputs: Arrays, outputs: list[str] | None = None
) -> dict[str, np.ndarray]:
    """The outputs of the model: all, or those named."""
    tensors = []
    for name, array in inputs.items():
        tensor = triton.InferInput(name, list(array.shape), TYPES[array.dtype.name])
        tensor.set_data_from_numpy(array)
        tensors.append(tensor)
    wanted = [triton.InferRequestedOutput(name) for name in outputs] if outputs else None
    result = await client.infer(model, tensors, outputs=wanted)
    return {output.name: result.as_numpy(output.name) for output in result.get_response().outputs}


def run_alone(repository: Path, model: str, inputs: Arrays) -> dict[str, np.ndarray]:
    """The same network with the same threads, without Triton."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = ort.InferenceSession(repository / model / "1" / "model.onnx", options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    feeds = {tensor.name: inputs[tensor.name] for tensor in session.get_inputs()}
    return dict(zip(names, session.run(names, feeds), strict=True))


async def counter(server_metrics: str, name: str, model: str) -> float:
    """A counter of Triton's metrics page, for one model."""
    async with httpx.AsyncClient(trust_env=False) as client:
        page = (await client.get(server_metrics)).text
    return sum(float(line.split()[-1]) for line in page.splitlines() if line.startswith(f'{name}{{model="{model}"'))
