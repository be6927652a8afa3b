"""Sends slices to one Triton over gRPC, with a fixed number of requests at once, and measures the rate."""

import asyncio
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Final

import numpy as np
from numpy.typing import NDArray
from tritonclient.grpc import aio

from gateway.inference.triton_client import CHANNEL, KEY_HEADER
from screening.contract import ENSEMBLE
from screening.preparation import PreparedStudy

TIMEOUT_S: Final = 60.0


@dataclass
class Rate:
    """Slices answered in a number of seconds, summed over several blocks, and the latency of every request."""

    slices: int = 0
    seconds: float = 0.0
    latencies_s: list[float] = field(default_factory=list)

    @property
    def slices_per_s(self) -> float:
        return self.slices / self.seconds

    def percentile_ms(self, percent: float) -> float:
        return 1e3 * float(np.percentile(self.latencies_s, percent))


@dataclass(frozen=True)
class Sender:
    """Sends chunks of the studies to one server."""

    client: aio.InferenceServerClient
    chunks: Iterator[list[aio.InferInput]]
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def to(
        cls,
        url: str,
        studies: Sequence[PreparedStudy],
        chunk: int,
        *,
        repeated: bool = False,
        secret: str | None = None,
    ) -> "Sender":
        """A sender of `chunk` slices a request. Without `repeated` no two requests are equal."""
        client = aio.InferenceServerClient(url, channel_args=list(CHANNEL))
        return cls(client, _chunks(studies, chunk, repeated), {KEY_HEADER: secret} if secret else {})

    async def block(self, at_once: int, seconds: float, rate: Rate) -> None:
        """Keep `at_once` requests in flight for `seconds`, and add the answered slices to `rate`."""
        start = perf_counter()

        async def send_repeatedly() -> None:
            while perf_counter() - start < seconds:
                inputs = next(self.chunks)
                started_at_s = perf_counter()
                answer = await self.client.infer(ENSEMBLE, inputs, headers=self.headers, client_timeout=TIMEOUT_S)
                rate.latencies_s.append(perf_counter() - started_at_s)
                rate.slices += len(answer.as_numpy("logit"))

        await asyncio.gather(*(send_repeatedly() for _ in range(at_once)))
        rate.seconds += perf_counter() - start


def _chunks(studies: Sequence[PreparedStudy], chunk: int, repeated: bool) -> Iterator[list[aio.InferInput]]:
    """An endless sequence. Without `repeated` the first pixels hold a counter, so that no cache has the response."""
    for number in itertools.count():
        study = studies[number % len(studies)]
        for start in range(0, len(study.views) - chunk + 1, chunk):
            views = study.views[start : start + chunk]
            if not repeated:
                views = views.copy()
                views[0, 0, 0, :4] = np.frombuffer(np.uint32(number).tobytes(), np.uint8)
            yield [_wire("view", views), _wire("lung_mask", study.lung_masks[start : start + chunk])]


def _wire(name: str, values: NDArray[np.uint8]) -> aio.InferInput:
    tensor = aio.InferInput(name, list(values.shape), "UINT8")
    tensor.set_data_from_numpy(values)
    return tensor
