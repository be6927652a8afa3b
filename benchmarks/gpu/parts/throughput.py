"""Throughput: rows a second of each network by batch, from host memory to host memory, one call at a time."""

import json
from collections.abc import Iterator
from statistics import median
from time import perf_counter

from benchmarks.gpu.inputs import inputs_of, rows_of
from benchmarks.gpu.networks import Arrays, Network, open_network
from benchmarks.gpu.providers import Provider
from benchmarks.gpu.rows import Row
from benchmarks.gpu.setting import Setting, graphs_of
from screening.contract import EXPERT, Signature

SECONDS, SHORT_SECONDS = 0.6, 0.1
FEWEST = 3  # calls
WARM_UP = 2  # CUDA chooses its algorithms for a batch size in the first call


def throughput(setting: Setting, provider: Provider) -> Iterator[Row]:
    """One row a network and batch, with the bytes and multiply-adds of one call for the floor."""
    inputs, multiply_adds = inputs_of(setting), multiply_adds_of_a_row(setting)
    for model, graph in graphs_of(setting, provider).items():
        network = open_network(setting, provider, graph)
        for batch in setting.batches(model):
            calls_s = timed(
                network, rows_of(inputs, graph.signature, batch), SHORT_SECONDS if setting.short else SECONDS
            )
            yield {
                "network": model,
                "batch": batch,
                "calls": len(calls_s),
                "call_s": median(calls_s),
                "bytes": batch * bytes_of_a_row(graph.signature),
                "multiply_adds": batch * multiply_adds[model],
            }


def timed(network: Network, feed: Arrays, seconds: float) -> list[float]:
    """The seconds of each call, for at least `seconds` and `FEWEST` calls, after a warm-up."""
    for _ in range(WARM_UP):
        network.run(feed)
    calls_s: list[float] = []
    while sum(calls_s) < seconds or len(calls_s) < FEWEST:
        start = perf_counter()
        network.run(feed)
        calls_s.append(perf_counter() - start)
    return calls_s


def bytes_of_a_row(signature: Signature) -> int:
    """Bytes copied to the device and back for one row, by the contract."""
    return sum(tensor.row_bytes for tensor in (*signature.inputs, *signature.outputs))


def multiply_adds_of_a_row(setting: Setting) -> dict[str, int]:
    """Multiply-adds of one slice or block of each network, as the export counted them."""
    manifest = json.loads((setting.repository / "export_manifest.json").read_text("utf-8"))
    found: dict[str, int] = dict(manifest["multiply_adds_per_slice"])
    if EXPERT in manifest:
        found[EXPERT] = manifest[EXPERT]["multiply_adds_per_block"]
    return found
