"""Loads networks: from the folder of a model repository to networks that a Triton serves."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from engines.data_directories import default_home
from engines.repository_snapshot import RepositorySnapshot, repository_snapshot
from engines.triton_server import TritonServer
from gateway.inference.admission import Admission
from gateway.inference.expert_admission import ExpertAdmission
from gateway.inference.triton_client import TritonEngine
from gateway.screening.active_networks import ServedNetworks
from gateway.screening.decode_workers import DecodePool
from gateway.screening.model_repository import CARD, verified_card, verified_copy
from gateway.screening.pipeline import ScreeningPipeline
from gateway.settings.settings import Settings
from gateway.telemetry.metrics import Metrics
from gateway.telemetry.tracing import Traces


@dataclass(frozen=True)
class NetworkLoader:
    """Loads networks; all of them share these decode workers, admission, metrics and traces."""

    settings: Settings
    secret: SecretStr | None
    decode: DecodePool
    admission: Admission
    expert_admission: ExpertAdmission
    metrics: Metrics
    traces: Traces

    def load_configured(self) -> AbstractAsyncContextManager[ServedNetworks]:
        """The networks of the settings."""
        url = self.settings.triton_url
        return self.load(self.settings.model_repository) if url is None else self.connect(url)

    @asynccontextmanager
    async def load(self, repository: Path) -> AsyncIterator[ServedNetworks]:
        """Serve the files of the repository's model card on a new Triton, until the block ends.

        Triton reads a verified snapshot: an export into the folder changes nothing, not even when Triton is killed and
        started again. Raises InvalidModelCard, OSError, or an EngineError of `engines`.
        """
        with repository_snapshot(default_home()) as snapshot:
            await asyncio.to_thread(verified_copy, repository, snapshot.models)
            server = TritonServer(snapshot.models, ready_timeout_s=self.settings.engine_start_s, secret=self._secret)
            async with server, self._connect(snapshot.models, server.grpc_url, server.metrics_url, snapshot) as served:
                yield served

    @asynccontextmanager
    async def connect(self, url: str) -> AsyncIterator[ServedNetworks]:
        """The Triton at `url`, which serves the model repository of the settings; its readiness is not waited for."""
        async with self._connect(self.settings.model_repository, url, self.settings.triton_metrics_url) as served:
            yield served

    @asynccontextmanager
    async def _connect(
        self, repository: Path, url: str, metrics_url: str | None, snapshot: RepositorySnapshot | None = None
    ) -> AsyncIterator[ServedNetworks]:
        settings = self.settings
        card = await asyncio.to_thread(verified_card, repository)
        text = (repository / CARD).read_bytes()
        on_retry = self.metrics.engine_retries.inc
        engine = TritonEngine(
            url,
            card.contract,
            card.ensemble_version,
            settings.chunk_slices,
            on_retry,
            self._secret,
            self.traces,
            settings.expert_blocks,
        )
        pipeline = ScreeningPipeline(
            self.decode,
            engine,
            self.admission,
            self.expert_admission,
            card,
            settings.budgets,
            self.metrics,
            settings.deadline_s,
        )
        try:
            yield ServedNetworks(pipeline, text, url, metrics_url, snapshot)
        finally:
            await engine.close()

    @property
    def _secret(self) -> str | None:
        return self.secret.get_secret_value() if self.secret else None
