"""Build: seconds until a network answers for the first time, and the size of its plan or graph."""

from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

from benchmarks.gpu.inputs import inputs_of, rows_of
from benchmarks.gpu.networks import open_network
from benchmarks.gpu.providers import Provider
from benchmarks.gpu.rows import Row
from benchmarks.gpu.setting import Graph, Setting, graphs_of
from export.targets import TARGETS


def build(setting: Setting, provider: Provider) -> Iterator[Row]:
    """One row a network. ONNX Runtime optimises the graph; TensorRT builds a plan, which the other parts read."""
    inputs = inputs_of(setting)
    for model, graph in graphs_of(setting, provider).items():
        feed = rows_of(inputs, graph.signature, 1)
        start = perf_counter()
        file = graph.path if provider.execution_provider else _write_plan(setting, graph)
        built = perf_counter()
        network = open_network(setting, provider, graph)
        opened = perf_counter()
        network.run(feed)
        answered = perf_counter()
        yield {
            "network": model,
            "build_s": built - start,
            "open_s": opened - built,
            "first_run_s": answered - opened,
            "bytes": file.stat().st_size,
        }


def _write_plan(setting: Setting, graph: Graph) -> Path:
    from benchmarks.gpu.tensorrt_network import build_plan  # with the extra `gpu` only

    model = graph.signature.model
    serving = TARGETS["tensorrt"].serving[model]
    largest = max(*setting.batches(model), serving.max_batch)
    path = setting.plan(model)
    path.write_bytes(build_plan(graph.path, serving.preferred_batches[0], largest))
    return path
