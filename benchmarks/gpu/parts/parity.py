"""Parity: the largest difference of each output from ONNX Runtime on the CPU in FP32, on the same rows."""

from collections.abc import Iterator

import numpy as np

from benchmarks.gpu.inputs import inputs_of, rows_of
from benchmarks.gpu.networks import OnnxRuntimeNetwork, open_network
from benchmarks.gpu.providers import CPU, PROVIDERS, Provider
from benchmarks.gpu.rows import Row
from benchmarks.gpu.setting import Setting, graphs_of
from screening.contract import EXPERT

SLICES, BLOCKS = 64, 8
SHORT_SLICES, SHORT_BLOCKS = 8, 1


def parity(setting: Setting, provider: Provider) -> Iterator[Row]:
    """One row an output of a network. Not finite values make the difference not a number, which no limit passes."""
    inputs, reference = inputs_of(setting), graphs_of(setting, PROVIDERS["cpu"])
    slices, blocks = (SHORT_SLICES, SHORT_BLOCKS) if setting.short else (SLICES, BLOCKS)
    for model, graph in graphs_of(setting, provider).items():
        feed = rows_of(inputs, graph.signature, blocks if model == EXPERT else slices)
        expected = OnnxRuntimeNetwork(reference[model].path, CPU).run(feed)
        found = open_network(setting, provider, graph).run(feed)
        for tensor in graph.signature.outputs:
            difference = np.abs(expected[tensor.name].astype(np.float64) - found[tensor.name])
            yield {
                "network": model,
                "output": tensor.name,
                "rows": len(difference),
                "largest": float(difference.max()),
                "mean": float(difference.mean()),
                "largest_value": float(np.abs(expected[tensor.name]).max()),
            }
