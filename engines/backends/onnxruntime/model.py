"""Triton's onnxruntime backend in Python, for servers that come without the C++ one; both read the same config.pbtxt.

Triton hands over what its dynamic batcher joined, and one run of the network answers all of it. When that run fails,
each request is run alone: the one at fault fails without its batch mates.
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
    """One instance of a model, in a process of its own; the name and the methods are Triton's."""

    def initialize(self, args: dict[str, str]) -> None:
        """Open the session; what is wrong with the config or the network stops the server with the reason."""
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
        """Answer each request in its place: with outputs, with an error of its own, or as cancelled."""
        cancelled = [request.is_cancelled() for request in requests]
        live = [request for request, gone in zip(requests, cancelled, strict=True) if not gone]
        groups = [live] if self.batching else [[request] for request in live]
        answers = (answer for group in groups for answer in self._answer(group))
        return [_failed("cancelled", triton.TritonError.CANCELLED) if gone else next(answers) for gone in cancelled]

    def _answer(self, requests: list[Any]) -> list[Any]:
        try:
            return self._run(requests) if requests else []
        except FAULTS as error:
            if len(requests) == 1:
                return [_failed(str(error), triton.TritonError.INVALID_ARG)]
            return [answer for request in requests for answer in self._answer([request])]

    def _run(self, requests: list[Any]) -> list[Any]:
        """Join, run once, split. A request that came alone is neither joined nor split."""
        feeds = [{tensor.name(): tensor.as_numpy() for tensor in request.inputs()} for request in requests]
        wanted = [request.requested_output_names() for request in requests]
        names = list(dict.fromkeys(name for asked in wanted for name in asked))
        outputs = dict(zip(names, self.session.run(names, self._joined(feeds), self.run_options), strict=True))
        if len(requests) == 1:
            return [_response(outputs)]
        rows = pairwise(np.cumsum([0, *(feed[self.inputs[0]].shape[0] for feed in feeds)]))
        # Rows of a C-contiguous array are contiguous: Triton reads each slice where the session wrote it.
        return [
            _response({name: outputs[name][start:end] for name in asked})
            for asked, (start, end) in zip(wanted, rows, strict=True)
        ]

    def _joined(self, feeds: list[dict[str, Any]]) -> dict[str, Any]:
        if len(feeds) == 1:
            return feeds[0]
        return {name: np.concatenate([feed[name] for feed in feeds]) for name in self.inputs}


def _response(outputs: dict[str, Any]) -> Any:
    return triton.InferenceResponse([triton.Tensor(name, value) for name, value in outputs.items()])


def _failed(reason: str, code: Any) -> Any:
    return triton.InferenceResponse(error=triton.TritonError(reason, code))
