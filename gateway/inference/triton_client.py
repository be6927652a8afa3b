"""The Triton client (gRPC): sends a study in chunks, so that Triton batches slices of different studies together."""

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import structlog
from numpy.typing import NDArray
from tritonclient.grpc import aio
from tritonclient.grpc.model_config_pb2 import DataType
from tritonclient.utils import InferenceServerException

from gateway.inference.engine import Deadline
from gateway.inference.triton_errors import engine_error_of
from gateway.telemetry.tracing import NoTraces, Traces
from screening.contract import EXPERT_ENSEMBLE, Contract, Ensemble, Priority, Tensor
from screening.errors import EngineFault, EngineUnavailable
from screening.results.expert_opinion import ExpertOutputs
from screening.results.fusion import SliceOutputs

log = structlog.get_logger(__name__)

PROBE_TIMEOUT_S: Final = 2.0
ATTEMPTS: Final = 6  # with the pauses below they span 5 s; an embedded Triton is back in 2 to 4
FIRST_PAUSE_S: Final = 0.2
BLOCKS_A_REQUEST: Final = 1  # 0.9 MB; Triton batches them, and a request of a more urgent study never waits for several
KEY_HEADER: Final = "triton-grpc-protocol-turnstile-key"  # Triton adds the prefix to the key of its flag
CHANNEL: Final = (
    ("grpc.max_send_message_length", -1),  # the chunk bounds the message
    ("grpc.max_receive_message_length", -1),
    # gRPC's own back-off grows to two minutes; a Triton that was restarted is back in seconds.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
    ("grpc.use_local_subchannel_pool", 1),
    # With several Tritons (dns:///name:8001 in a cluster) requests go round robin; by default one gets them all.
    ("grpc.service_config", '{"loadBalancingConfig": [{"round_robin": {}}]}'),
)

Slices = NDArray[np.uint8]


@dataclass(frozen=True)
class _Chunk:
    """Rows of one request to one ensemble: an array for each of its inputs."""

    ensemble: Ensemble
    arrays: tuple[Slices, ...]
    priority: Priority

    def __len__(self) -> int:
        return len(self.arrays[0])


class TritonEngine:
    """The ensemble of `screening.contract` on the Triton at `url` (host:port of its gRPC), with an optional `secret`.

    Requests name `version`, the version of the model card's weights: a Triton with other weights refuses them.
    """

    def __init__(
        self,
        url: str,
        contract: Contract,
        version: int,
        chunk_slices: int,
        on_retry: Callable[[], None] = lambda: None,
        secret: str | None = None,
        traces: Traces | None = None,
        blocks_at_once: int = 3,
    ) -> None:
        self._client = aio.InferenceServerClient(url, channel_args=list(CHANNEL))
        self._contract = contract
        self._version = str(version)
        self._chunk_slices = chunk_slices
        self._blocks_at_once = blocks_at_once
        self._on_retry = on_retry
        self._headers = {KEY_HEADER: secret} if secret else {}
        self._traces = traces or NoTraces()

    async def infer(
        self,
        views: Slices,
        lung_masks: Slices,
        deadline: Deadline,
        on_slices: Callable[[int], None] = lambda _: None,
        priority: Priority = Priority.ROUTINE,
    ) -> SliceOutputs:
        """The outputs of the ensemble for plain views."""
        arrays = views, lung_masks
        outputs = await self._in_chunks(self._contract.ensemble, arrays, deadline, on_slices, priority)
        return SliceOutputs.of_tensors(outputs)

    async def classify(
        self, views: Slices, lung_masks: Slices, deadline: Deadline, priority: Priority = Priority.ROUTINE
    ) -> NDArray[np.float32]:
        """The classifier's logits for views."""
        arrays = views, lung_masks
        outputs = await self._in_chunks(self._contract.test_time, arrays, deadline, lambda _: None, priority)
        return outputs["logit"][:, 0]

    async def ask_expert(
        self, blocks: Slices, masks: Slices, deadline: Deadline, priority: Priority = Priority.ROUTINE
    ) -> ExpertOutputs:
        """The 3D expert's outputs for blocks."""
        arrays = blocks, masks
        outputs = await self._in_chunks(self._contract.expert, arrays, deadline, lambda _: None, priority)
        return ExpertOutputs(outputs["expert_logit"][:, 0], outputs["expert_peak"])

    async def _in_chunks(
        self,
        ensemble: Ensemble,
        arrays: tuple[Slices, ...],
        deadline: Deadline,
        on_rows: Callable[[int], None],
        priority: Priority,
    ) -> dict[str, NDArray[np.float32]]:
        """Send all chunks at once, of blocks only some; the first that fails cancels the others."""
        size = self._rows_of(ensemble)
        chunks = [
            _Chunk(ensemble, tuple(array[start : start + size] for array in arrays), priority)
            for start in range(0, len(arrays[0]), size)
        ]
        turns = asyncio.Semaphore(self._blocks_at_once if ensemble.model == EXPERT_ENSEMBLE else len(chunks))
        try:
            async with asyncio.TaskGroup() as group:
                answers = [group.create_task(self._infer_chunk(chunk, deadline, on_rows, turns)) for chunk in chunks]
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from failed
        parts = zip(*[answer.result() for answer in answers], strict=True)
        return {tensor.name: np.concatenate(part) for tensor, part in zip(ensemble.outputs, parts, strict=True)}

    async def why_not_ready(self) -> str | None:
        """Check that the ensembles are loaded and have the input and output tensors of the model card."""
        for ensemble in self._contract.ensembles:
            if reason := await self._why_ensemble_not_ready(ensemble):
                return reason
        return None

    async def close(self) -> None:
        await self._client.close()

    async def _why_ensemble_not_ready(self, ensemble: Ensemble) -> str | None:
        model, asked = (ensemble.model, self._version), {"client_timeout": PROBE_TIMEOUT_S}
        try:
            if not await self._client.is_model_ready(*model, **asked):
                return f"model {model[0]!r} is not ready in the version of the model card's weights, {model[1]}"
            answer = await self._client.get_model_config(*model, headers=self._headers, **asked)
        except InferenceServerException as refusal:
            return engine_error_of(refusal).detail
        served = answer.config
        if served.max_batch_size < (rows := self._rows_of(ensemble)):
            return f"the served model takes {served.max_batch_size} slices a request; {rows} are set"
        return _mismatch(ensemble.inputs, served.input) or _mismatch(ensemble.outputs, served.output)

    def _rows_of(self, ensemble: Ensemble) -> int:
        """Rows of one request."""
        return BLOCKS_A_REQUEST if ensemble.model == EXPERT_ENSEMBLE else self._chunk_slices

    async def _infer_chunk(
        self, chunk: _Chunk, deadline: Deadline, on_rows: Callable[[int], None], turns: asyncio.Semaphore
    ) -> list[NDArray[np.float32]]:
        async with turns:
            answer = await self._infer_with_retries(chunk, deadline)
        on_rows(len(chunk))
        return answer

    async def _infer_with_retries(self, chunk: _Chunk, deadline: Deadline) -> list[NDArray[np.float32]]:
        """One request, repeated after growing pauses while Triton is unavailable; inference has no side effects."""
        for attempt in range(ATTEMPTS):
            try:
                return await self._request(chunk, deadline)
            except EngineUnavailable:
                pause_s = FIRST_PAUSE_S * 2**attempt * random.uniform(0.5, 1.0)
                if attempt + 1 == ATTEMPTS or deadline.left_s() < pause_s:
                    raise
                self._on_retry()
                await asyncio.sleep(pause_s)
        raise AssertionError("unreachable: the last attempt returns or raises")

    async def _request(self, chunk: _Chunk, deadline: Deadline) -> list[NDArray[np.float32]]:
        left_s = deadline.left_s()
        ensemble = chunk.ensemble
        inputs = [_input(tensor, array) for tensor, array in zip(ensemble.inputs, chunk.arrays, strict=True)]
        try:
            with self._traces.span("triton") as trace:  # Triton's own spans go below it
                result = await self._client.infer(
                    ensemble.model,
                    inputs,
                    model_version=self._version,
                    outputs=[aio.InferRequestedOutput(tensor.name) for tensor in ensemble.outputs],
                    headers={**self._headers, **trace},
                    priority=chunk.priority,
                    timeout=int(left_s * 1e6),  # microseconds: Triton drops what waits longer in its queue
                    client_timeout=left_s,
                )
        except InferenceServerException as refusal:
            fault = engine_error_of(refusal)
            log.warning("triton refused", code=fault.code, status=refusal.status(), said=refusal.message())
            raise fault from refusal
        return [_check_shape(tensor, result.as_numpy(tensor.name), len(chunk)) for tensor in ensemble.outputs]


def _input(tensor: Tensor, values: Slices) -> Any:
    if values.dtype != np.uint8 or values.shape[1:] != tensor.shape:
        raise EngineFault(
            f"{tensor.name} is {values.dtype}{list(values.shape)}; the networks take {list(tensor.shape)}"
        )
    wire = aio.InferInput(tensor.name, list(values.shape), tensor.dtype)
    wire.set_data_from_numpy(values)
    return wire


def _check_shape(tensor: Tensor, values: NDArray[np.float32] | None, slices: int) -> NDArray[np.float32]:
    if values is None or values.shape != (slices, *tensor.shape):
        raise EngineFault(f"the inference server answered without a well-formed {tensor.name!r}")
    return values


def _mismatch(promised: Sequence[Tensor], served: Sequence[Any]) -> str | None:
    """A text about the first tensor that differs from the model card, or None."""
    found = {tensor.name: (DataType.Name(tensor.data_type), tuple(tensor.dims)) for tensor in served}
    for tensor in promised:
        if found.get(tensor.name) != (f"TYPE_{tensor.dtype}", tensor.shape):
            return f"the served model's {tensor.name!r} is not the one of the model card"
    return None
