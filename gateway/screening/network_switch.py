"""From the folder of a model repository to networks that answer, and from one set of networks to another."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

import numpy as np
import structlog
from pydantic import SecretStr

from engines.data_directories import default_home
from engines.repository_snapshot import Holding, held
from engines.triton_server import TritonServer
from gateway.inference.admission import Admission
from gateway.inference.engine import Deadline
from gateway.inference.triton_client import TritonEngine
from gateway.screening.active_networks import Networks, Served
from gateway.screening.decode_workers import DecodePool
from gateway.screening.model_repository import CARD, verified_card, verified_copy
from gateway.screening.pipeline import Analysis
from gateway.settings.settings import Settings
from gateway.telemetry.metrics import Metrics
from gateway.telemetry.tracing import Traces
from screening.errors import EngineUnavailable
from screening.model_card import ModelCard

log = structlog.get_logger(__name__)

OTHERS_POLL_S: Final = 1.0


class SwitchRefused(Exception):
    """The networks that are in force stay in force; the words say why."""


@dataclass(frozen=True)
class Around:
    """What its caller does around a switch: `before` it with the old and the new, where raising refuses it; at its
    moment `in_force`; and `tell` is told each step in words.
    """

    before: Callable[[Served, Served], Awaitable[None]]
    in_force: Callable[[], None]
    tell: Callable[[str], None]


@dataclass(frozen=True)
class Serving:
    """Makes networks ready; what the studies of all of them share is here."""

    settings: Settings
    secret: SecretStr | None
    decode: DecodePool
    admission: Admission
    metrics: Metrics
    traces: Traces

    def first(self) -> AbstractAsyncContextManager[Served]:
        """The networks of the settings."""
        url = self.settings.triton_url
        return self.of(self.settings.model_repository) if url is None else self.elsewhere(url)

    @asynccontextmanager
    async def of(self, repository: Path) -> AsyncIterator[Served]:
        """Serve what the repository's card vouches for until the block ends, on a Triton of its own.

        Triton reads a copy that was verified where it lies: a folder that is exported into meanwhile changes nothing,
        also when Triton dies and is started again. Raises InvalidModelCard, OSError, or an EngineError of `engines`.
        """
        with held(default_home()) as holding:
            await asyncio.to_thread(verified_copy, repository, holding.models)
            secret = self.secret.get_secret_value() if self.secret else None
            server = TritonServer(holding.models, ready_timeout_s=self.settings.engine_start_s, secret=secret)
            async with server, self._answering(holding.models, server.grpc_url, server.metrics_url, holding) as served:
                yield served

    @asynccontextmanager
    async def elsewhere(self, url: str) -> AsyncIterator[Served]:
        """The Triton at `url`, which serves the repository of the settings. It is not waited for."""
        async with self._answering(self.settings.model_repository, url, self.settings.triton_metrics_url) as served:
            yield served

    @asynccontextmanager
    async def _answering(
        self, repository: Path, url: str, metrics_url: str | None, holding: Holding | None = None
    ) -> AsyncIterator[Served]:
        settings, secret = self.settings, self.secret.get_secret_value() if self.secret else None
        card = await asyncio.to_thread(verified_card, repository)
        text = (repository / CARD).read_bytes()
        retried = self.metrics.engine_retries.inc
        engine = TritonEngine(
            url, card.contract, card.ensemble_version, settings.chunk_slices, retried, secret, self.traces
        )
        analysis = Analysis(
            self.decode, engine, self.admission, card, settings.budgets, self.metrics, settings.deadline_s
        )
        try:
            yield Served(analysis, text, url, metrics_url, holding)
        finally:
            await engine.close()


class Switch:
    """Puts other networks in force while studies are in work; no request fails, and no study sees two sets.

    Whatever goes wrong before the moment of the switch leaves the old ones in force.
    """

    def __init__(self, serving: Serving, networks: Networks, in_force: AsyncExitStack) -> None:
        self._serving, self._networks, self._in_force = serving, networks, in_force
        self._retiring: asyncio.Task[None] | None = None
        self._under_way = asyncio.Lock()

    async def to(self, repository: Path, around: Around) -> None:
        """Return when the old networks are gone, or are left to other processes.

        Raises SwitchRefused, InvalidModelCard, OSError, an EngineError of `engines` or of `screening`, and what
        `around.before` raises.
        """
        if self._under_way.locked() or self._still_retiring:
            raise SwitchRefused("another switch is not over yet: the networks before are still used")
        async with self._under_way:
            old = self._networks.now
            if old.holding is None:
                raise SwitchRefused("Triton is elsewhere: start one with the new networks, and a gateway that asks it")
            _refuse_same(old, ModelCard.load(repository / CARD), (repository / CARD).read_bytes())
            around.tell("loading the new networks beside those in force")
            unused = await self._put_in_force(repository, old, around)
            await unused.wait()
            if old.used_by_others:
                around.tell("other processes use the old networks (`turnstile screen`, `worker`): they stay until then")
            else:
                await self._retired()

    async def close(self) -> None:
        """Stop whatever is served."""
        if self._retiring is not None:
            self._retiring.cancel()
            await asyncio.gather(self._retiring, return_exceptions=True)
        await self._in_force.aclose()

    @property
    def _still_retiring(self) -> bool:
        return self._retiring is not None and not self._retiring.done()

    async def _put_in_force(self, repository: Path, old: Served, around: Around) -> asyncio.Event:
        """Load and switch; the event says when nobody here uses the old any more."""
        async with AsyncExitStack() as opened:
            new = await opened.enter_async_context(self._serving.of(repository))
            _refuse_same(old, new.card, new.card_text)  # the folder may have been written meanwhile
            await _tried(new, self._serving.settings)
            await around.before(old, new)
            unused = self._networks.put_in_force(new)  # from here on nothing may fail, or wait
            self._serving.metrics.serves(new.card)
            before, self._in_force = self._in_force, opened.pop_all()
            self._retiring = asyncio.create_task(_retire(old, unused, before))
        log.info("networks switched", before=old.card.version, model_card=new.card.version)
        try:
            around.in_force()
        except OSError as error:  # it is done; only other commands of this user do not learn of it
            log.warning("the switch could not be noted", error=type(error).__name__)
        point = new.card.operating_point
        around.tell(f"{new.card.version} is in force, at {point.name} {point.threshold:.4g} unless chosen otherwise")
        return unused

    async def _retired(self) -> None:
        """Wait for it; who stops waiting does not stop it."""
        if self._retiring is not None:
            await asyncio.shield(self._retiring)


def _refuse_same(old: Served, card: ModelCard, text: bytes) -> None:
    if sha256(text).hexdigest() == old.card_sha256:
        raise SwitchRefused(f"{old.card.version} is in force already")
    if card.version == old.card.version:
        raise SwitchRefused(
            f"both cards call themselves {old.card.version} and differ: nobody could tell their reports apart."
            " Export the repository again"
        )


async def _tried(new: Served, settings: Settings) -> None:
    """Raise unless the new networks take and give what their card says, with numbers in it."""
    engine, contract = new.analysis.engine, new.card.contract
    if reason := await engine.why_not_ready():
        raise EngineUnavailable(f"the new networks do not answer: {reason}")
    views, mask = (
        np.ones((settings.chunk_slices, *tensor.shape), np.uint8) for tensor in (contract.views, contract.lung_mask)
    )
    await engine.infer(views, mask, Deadline.after(settings.deadline_s))


async def _retire(old: Served, unused: asyncio.Event, before: AsyncExitStack) -> None:
    """Stop the old networks when their last study has ended, here and in every other process."""
    try:
        await unused.wait()
        while old.used_by_others:  # noqa: ASYNC110  a lock of the kernel's, which calls nobody
            await asyncio.sleep(OTHERS_POLL_S)
    finally:
        await before.aclose()
        log.info("old networks stopped", model_card=old.card.version)
