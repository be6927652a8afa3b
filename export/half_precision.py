"""FP16 graphs: convolutions and what lies between them compute in half precision, everything else in FP32.

TensorRT 11 takes the precision from the graph: trtexec's `--fp16` and BuilderFlag.FP16 were removed, and a program that
still sets one gets an error, or FP32 without a word. Source: docs.nvidia.com/deeplearning/tensorrt, "Migrating from
TensorRT 10.x to 11.x". Normalisation, pooling of maps, TopK and sums stay FP32: sums over 50,000 pixels overflow FP16.
"""

from pathlib import Path
from typing import Final

import onnx
from onnxruntime.transformers.float16 import convert_float_to_float16
from onnxruntime.transformers.onnx_model import OnnxModel

from export.checked_graph import save_checked
from screening.contract import Signature

HALF: Final = frozenset({"Conv", "Relu", "Add", "MaxPool", "Gemm"})


def write_fp16(source: Path, signature: Signature, path: Path) -> None:
    """Convert the FP32 graph at `source`; inputs and outputs keep their types. Raises BrokenGraph."""
    graph = onnx.load(source)
    others = sorted({node.op_type for node in graph.graph.node} - HALF)
    converted = OnnxModel(convert_float_to_float16(graph, keep_io_types=True, op_block_list=others))
    converted.topological_sort()  # the converter appends its casts
    del converted.model.graph.value_info[:]  # with the types of before
    save_checked(converted.model, signature, path)
