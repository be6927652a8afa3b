"""Exports a torch module to an ONNX graph with the contract's tensors and without metadata of this machine."""

from pathlib import Path
from typing import Final

import torch
from torch import nn

from export.checked_graph import save_checked
from export.errors import BrokenGraph
from screening.contract import Signature

OPSET: Final = 18  # ONNX Runtime 1.19 of Triton 2.51's container reads up to opset 21 and IR 10


def write_onnx(network: nn.Module, signature: Signature, path: Path) -> None:
    """Export in evaluation mode with the batch as the only dynamic axis; batch normalisation is folded."""
    example = tuple(torch.zeros((2, *tensor.shape), dtype=torch.uint8) for tensor in signature.inputs)
    program = torch.onnx.export(
        network.eval(),
        example,
        input_names=[tensor.name for tensor in signature.inputs],
        output_names=[tensor.name for tensor in signature.outputs],
        dynamic_shapes=tuple({0: torch.export.Dim.DYNAMIC} for _ in example),
        opset_version=OPSET,
        dynamo=True,
        verbose=False,
    )
    if program is None:
        raise BrokenGraph(f"{signature.model}: torch returned no graph")
    save_checked(program.model_proto, signature, path)
