"""The metrics page that Prometheus scrapes: the gateway's metrics, followed by Triton's own page."""

from typing import Final

import httpx
import structlog

from gateway.screening.active_networks import ActiveNetworks
from gateway.telemetry.metrics import Metrics

log = structlog.get_logger(__name__)

TIMEOUT_S: Final = 2.0  # Triton's page takes 3 ms; a scrape every 15 s must not wait for a Triton that hangs
TRITON_UP: Final = b"turnstile_triton_metrics_up"


class MetricsPage:
    """One page with both metrics, so that only the gateway needs access to Triton.

    Triton's part is that of the active networks. There is none when the settings name no metrics URL: then Prometheus
    scrapes each Triton itself.
    """

    content_type = Metrics.content_type

    def __init__(self, metrics: Metrics, networks: ActiveNetworks) -> None:
        self._metrics = metrics
        self._networks = networks

    async def render(self) -> bytes:
        """The page in Prometheus' text format; the gateway's part is there also when Triton does not answer."""
        own = self._metrics.exposition()
        async with self._networks.in_use() as served:  # its Triton is not stopped during the request
            if served.triton_metrics_url is None:
                return own
            triton_metrics = await self._triton_metrics(served.triton_metrics_url)
        up = b"# TYPE %b gauge\n%b %d\n" % (TRITON_UP, TRITON_UP, triton_metrics is not None)
        return own + up + (triton_metrics or b"")

    async def _triton_metrics(self, url: str) -> bytes | None:
        try:
            async with httpx.AsyncClient(trust_env=False, timeout=TIMEOUT_S) as client:
                answer = await client.get(url)
        except httpx.HTTPError as error:
            log.warning("triton returned no metrics", error=type(error).__name__)
            return None
        return answer.content if answer.is_success else None
