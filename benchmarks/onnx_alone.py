"""The limit: the same tensors through ONNX Runtime alone, with the models and thread counts that Triton serves.

There is no server, no HTTP and no decoding, only inference. `instances` workers run studies in parallel, each with its
own sessions, as Triton's instances do.
"""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
from google.protobuf import text_format
from tritonclient.grpc import model_config_pb2

from screening.preparation import PreparedStudy
from screening.results.model_card import ModelCard


@dataclass(frozen=True)
class Limit:
    """What ONNX Runtime alone reaches on this machine."""

    studies_per_minute: float
    seconds_by_model: dict[str, float]


def measure_limit(repository: Path, study: PreparedStudy, studies: int) -> Limit:
    """Run `studies` copies of one study's tensors; s per study of each model are medians of one worker alone."""
    models = _models(repository)
    instances = max(instance_count(repository, model) for model in models)
    workers = [_sessions(repository) for _ in range(instances)]
    tensors = {"view": study.views, "lung_mask": study.lung_masks}
    for sessions in workers:
        _screen(sessions, tensors)  # warm-up: first run plans the memory
    with ThreadPoolExecutor(instances) as pool:
        start = time.perf_counter()
        list(pool.map(lambda job: _screen(workers[job % instances], tensors), range(studies)))
        seconds = time.perf_counter() - start
    alone = {model: _median_seconds(workers[0][model], tensors) for model in models}
    return Limit(60.0 * studies / seconds, alone)


def instance_count(repository: Path, model: str) -> int:
    """Instances of a model by its config.pbtxt."""
    return sum(group.count for group in _config(repository, model).instance_group) or 1


def _sessions(repository: Path) -> dict[str, onnxruntime.InferenceSession]:
    return {model: _session(repository, model) for model in _models(repository)}


def _models(repository: Path) -> list[str]:
    return [step.model for step in ModelCard.load(repository / "model_card.json").contract.steps]


def _session(repository: Path, model: str) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = int(_config(repository, model).parameters["intra_op_thread_count"].string_value or 0)
    return onnxruntime.InferenceSession(
        str(repository / model / "1" / "model.onnx"), options, providers=["CPUExecutionProvider"]
    )


def _config(repository: Path, model: str) -> model_config_pb2.ModelConfig:
    text = (repository / model / "config.pbtxt").read_text("utf-8")
    return text_format.Parse(text, model_config_pb2.ModelConfig())


def _screen(sessions: dict[str, onnxruntime.InferenceSession], tensors: dict[str, np.ndarray]) -> None:
    for session in sessions.values():
        _run(session, tensors)


def _run(session: onnxruntime.InferenceSession, tensors: dict[str, np.ndarray]) -> None:
    session.run(None, {node.name: tensors[node.name] for node in session.get_inputs()})


def _median_seconds(session: onnxruntime.InferenceSession, tensors: dict[str, np.ndarray]) -> float:
    times = []
    for _ in range(7):
        start = time.perf_counter()
        _run(session, tensors)
        times.append(time.perf_counter() - start)
    return float(np.median(times))
