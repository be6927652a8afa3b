"""The page that Prometheus reads: the gateway's own meters, and below them Triton's, as Triton wrote them."""

from typing import Final

import httpx
import structlog

from gateway.screening.active_networks import Networks
from gateway.telemetry.metrics import Metrics

log = structlog.get_logger(__name__)

TIMEOUT_S: Final = 2.0  # Triton's page takes 3 ms; who scrapes every 15 s shall not wait for one that hangs
SEEN: Final = b"turnstile_triton_metrics_up"


class Exposition:
    """One page for both, so that nobody but the gateway needs a way to Triton.

    Triton's is that of the networks in force; none where Prometheus reads it by itself (many Tritons, each with its own
    address).
    """

    content_type = Metrics.content_type

    def __init__(self, metrics: Metrics, networks: Networks) -> None:
        self._metrics = metrics
        self._networks = networks

    async def page(self) -> bytes:
        """Prometheus' text format; the gateway's part is there also while Triton is away."""
        own = self._metrics.exposition()
        async with self._networks.in_use() as served:  # whose Triton stays while it is asked
            if served.triton_metrics_url is None:
                return own
            tritons = await self._tritons(served.triton_metrics_url)
        up = b"# TYPE %b gauge\n%b %d\n" % (SEEN, SEEN, tritons is not None)
        return own + up + (tritons or b"")

    async def _tritons(self, url: str) -> bytes | None:
        try:
            async with httpx.AsyncClient(trust_env=False, timeout=TIMEOUT_S) as client:
                answer = await client.get(url)
        except httpx.HTTPError as error:
            log.warning("triton gave no metrics", error=type(error).__name__)
            return None
        return answer.content if answer.is_success else None
