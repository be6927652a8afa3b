"""Triton's onnxruntime backend in Python, for servers without the C++ one; both read the same config.pbtxt.

The requests of one dynamic batch are answered by one run of the network. When that run fails, each request is run
alone, so that only the faulty one fails.
"""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import triton_python_backend_utils as triton
from session import FAULTS, open_session, run_options
from signature import InvalidConfig


class TritonPythonModel:
    """One instance of a model, in its own process. Triton prescribes the names of the class and its methods."""

    def initialize(self, args: dict[str, str]) -> None:
        """Open the session; an error of the config or the network stops the server with the reason."""
        config = json.loads(args["model_config"])
        version_folder = Path(args["model_repository"]) / args["model_version"]
        try:
            self.session = open_session(
                config, version_folder, args["model_instance_kind"], args["model_instance_device_id"]
            )
        except (InvalidConfig, *FAULTS) as error:
            raise triton.TritonModelException(f"model {args['model_name']}: {error}") from error
        self.inputs = [tensor.name for tensor in self.session.get_inputs()]
        self.run_options = run_options(config)
        self.batching = int(config["max_batch_size"]) > 0

    def execute(self, requests: list[Any]) -> list[Any]:
        """One response for each request, in order: outputs, its own error, or cancelled."""
        cancelled = [request.is_cancelled() for request in requests]
        live = [request for request, is_cancelled in zip(requests, cancelled, strict=True) if not is_cancelled]
        groups = [live] if self.batching else [[request] for request in live]
        answers = (answer for group in groups for answer in self._answer(group))
        return [
            _failed("cancelled", triton.TritonError.CANCELLED) if is_cancelled else next(answers)
            for is_cancelled in cancelled
        ]

    def _answer(self, requests: list[Any]) -> list[Any]:
        try:
            return self._run(requests) if requests else []
        except FAULTS as error:
            if len(requests) == 1:
                return [_failed(str(error), triton.TritonError.INVALID_ARG)]
            return [answer for request in requests for answer in self._answer([request])]

    def _run(self, requests: list[Any]) -> list[Any]:
        """Join the inputs, run once, split the outputs. A single request is neither joined nor split."""
        feeds = [{tensor.name(): tensor.as_numpy() for tensor in request.inputs()} for request in requests]
        requested_names = [request.requested_output_names() for request in requests]
        names = list(dict.fromkeys(name for requested in requested_names for name in requested))
        outputs = dict(zip(names, self.session.run(names, self._joined(feeds), self.run_options), strict=True))
        if len(requests) == 1:
            return [_response(outputs)]
        rows = pairwise(np.cumsum([0, *(feed[self.inputs[0]].shape[0] for feed in feeds)]))
        # Rows of a C-contiguous array are contiguous: Triton reads each slice where the session wrote it.
        return [
            _response({name: outputs[name][start:end] for name in requested})
            for requested, (start, end) in zip(requested_names, rows, strict=True)
        ]

    def _joined(self, feeds: list[dict[str, Any]]) -> dict[str, Any]:
        if len(feeds) == 1:
            return feeds[0]
        return {name: np.concatenate([feed[name] for feed in feeds]) for name in self.inputs}


def _response(outputs: dict[str, Any]) -> Any:
    return triton.InferenceResponse([triton.Tensor(name, value) for name, value in outputs.items()])


def _failed(reason: str, code: Any) -> Any:
    return triton.InferenceResponse(error=triton.TritonError(reason, code))
