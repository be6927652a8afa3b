"""The gateway's engine without a server: the networks in this process, one thread each.

The same pipeline as served then makes the reports, so that verdicts can be compared, and studies a second counted,
where no Triton has the provider. Rows of different studies are not batched; a study is a batch of about 60 slices.
"""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.gpu.networks import Network
from export.targets import TARGETS
from gateway.inference.engine import Deadline
from screening.contract import Contract, Priority, Signature
from screening.results.expert_opinion import ExpertOutputs
from screening.results.fusion import SliceOutputs

Slices = NDArray[np.uint8]
Outputs = dict[str, NDArray[np.float32]]


class InProcessEngine:
    """A call has at most as many rows as Triton's on a GPU. An error of a library is not caught: it ends the part."""

    def __init__(self, contract: Contract, networks: Mapping[str, Network]) -> None:
        self._contract = contract
        self._networks = networks
        self._threads = {model: ThreadPoolExecutor(1, model) for model in networks}

    async def infer(
        self,
        views: Slices,
        lung_masks: Slices,
        deadline: Deadline,
        on_slices: Callable[[int], None] = lambda _: None,
        priority: Priority = Priority.ROUTINE,  # noqa: ARG002 - of the interface
    ) -> SliceOutputs:
        """The outputs of all networks of slices, which run at once."""
        steps = self._contract.steps
        answers = await asyncio.gather(*(self._run(step, (views, lung_masks), deadline) for step in steps))
        on_slices(len(views))
        return SliceOutputs.of_tensors({name: values for answer in answers for name, values in answer.items()})

    async def classify(
        self,
        views: Slices,
        lung_masks: Slices,
        deadline: Deadline,
        priority: Priority = Priority.ROUTINE,  # noqa: ARG002 - of the interface
    ) -> NDArray[np.float32]:
        """The classifier's logits."""
        answer = await self._run(self._contract.classifier, (views, lung_masks), deadline)
        return answer["logit"][:, 0]

    async def ask_expert(
        self,
        blocks: Slices,
        masks: Slices,
        deadline: Deadline,
        priority: Priority = Priority.ROUTINE,  # noqa: ARG002 - of the interface
    ) -> ExpertOutputs:
        """The 3D expert's outputs."""
        answer = await self._run(self._contract.expert3d, (blocks, masks), deadline)
        return ExpertOutputs(answer["expert_logit"][:, 0], answer["expert_peak"])

    async def why_not_ready(self) -> str | None:
        return None

    async def close(self) -> None:
        for threads in self._threads.values():
            threads.shutdown()

    async def _run(self, signature: Signature, arrays: tuple[Slices, ...], deadline: Deadline) -> Outputs:
        feed = {tensor.name: array for tensor, array in zip(signature.inputs, arrays, strict=False)}
        work = asyncio.get_running_loop().run_in_executor(self._threads[signature.model], self._call, signature, feed)
        async with asyncio.timeout(deadline.left_s()):
            return await work

    def _call(self, signature: Signature, feed: Mapping[str, NDArray[Any]]) -> Outputs:
        rows, size = len(feed[signature.inputs[0].name]), TARGETS["cuda"].serving[signature.model].max_batch
        parts = [
            self._networks[signature.model].run({name: rows_[start : start + size] for name, rows_ in feed.items()})
            for start in range(0, rows, size)
        ]
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
