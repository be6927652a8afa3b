"""The network switch (`turnstile switch`): activates other networks while the service runs."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

import numpy as np
import structlog

from gateway.inference.engine import Deadline
from gateway.screening.active_networks import ActiveNetworks, ServedNetworks
from gateway.screening.model_repository import CARD
from gateway.screening.network_loader import NetworkLoader
from gateway.settings.settings import Settings
from screening.errors import EngineUnavailable
from screening.results.model_card import ModelCard
from screening.user_error import UserError

log = structlog.get_logger(__name__)

OTHERS_POLL_S: Final = 1.0


class SwitchRefused(UserError):
    """The switch was not made and the active networks stay active; the message says why."""


@dataclass(frozen=True)
class SwitchHooks:
    """What the caller does during a switch.

    `before` gets the old and the new networks just before the switch; when it raises, there is no switch. `after` is
    called right after the switch. `report` gets each step as a text.
    """

    before: Callable[[ServedNetworks, ServedNetworks], Awaitable[None]]
    after: Callable[[], None]
    report: Callable[[str], None]


class NetworkSwitch:
    """Switches to other networks while studies are in flight; no request fails, and no study uses two sets.

    When anything fails before the switch, the old networks stay active.
    """

    def __init__(self, loader: NetworkLoader, networks: ActiveNetworks, active: AsyncExitStack) -> None:
        """`active` stops what serves the active networks."""
        self._loader, self._networks, self._active = loader, networks, active
        self._retiring: asyncio.Task[None] | None = None
        self._in_progress = asyncio.Lock()

    async def switch_to(self, repository: Path, hooks: SwitchHooks) -> None:
        """Load the networks of a model repository, activate them, and wait until the old ones are stopped.

        Old networks that other processes use are left to them. Raises SwitchRefused, InvalidModelCard, OSError, an
        EngineError of `engines` or of `screening`, and what `hooks.before` raises.
        """
        if self._in_progress.locked() or self._is_retiring:
            raise SwitchRefused("another switch is not over yet: the networks before are still used")
        async with self._in_progress:
            old = self._networks.current
            if old.snapshot is None:
                raise SwitchRefused(
                    "the settings name a Triton: start another one with the new networks, and a gateway that uses it"
                )
            _refuse_same(old, ModelCard.load(repository / CARD), (repository / CARD).read_bytes())
            hooks.report("loading the new networks beside the active ones")
            unused = await self._activate(repository, old, hooks)
            await unused.wait()
            if old.in_use_by_others:
                hooks.report(
                    "other processes use the old networks (`turnstile screen`, `worker`): they stay until then"
                )
            else:
                await self._wait_until_retired()

    async def close(self) -> None:
        """Stop all networks."""
        if self._retiring is not None:
            self._retiring.cancel()
            await asyncio.gather(self._retiring, return_exceptions=True)
        await self._active.aclose()

    @property
    def _is_retiring(self) -> bool:
        return self._retiring is not None and not self._retiring.done()

    async def _activate(self, repository: Path, old: ServedNetworks, hooks: SwitchHooks) -> asyncio.Event:
        """Load and switch; the event is set once this process does not use the old networks any more."""
        async with AsyncExitStack() as opened:
            new = await opened.enter_async_context(self._loader.load(repository))
            _refuse_same(old, new.card, new.card_text)  # the folder may have been written meanwhile
            await _probe(new, self._loader.settings)
            await hooks.before(old, new)
            unused = self._networks.activate(new)  # from here on nothing may fail or wait
            self._loader.metrics.set_model_card(new.card)
            before, self._active = self._active, opened.pop_all()
            self._retiring = asyncio.create_task(_retire(old, unused, before))
        log.info("networks switched", before=old.card.version, model_card=new.card.version)
        try:
            hooks.after()
        except OSError as error:  # the switch is made; only other commands of this user do not learn of it
            log.warning("the switch could not be written for other commands", error=type(error).__name__)
        point = new.card.operating_point
        hooks.report(
            f"{new.card.version} is active, at {point.name} {point.threshold:.4g} unless an admin chose another"
        )
        return unused

    async def _wait_until_retired(self) -> None:
        """Wait until the old networks are stopped; a cancelled wait does not cancel the stop."""
        if self._retiring is not None:
            await asyncio.shield(self._retiring)


def _refuse_same(old: ServedNetworks, card: ModelCard, text: bytes) -> None:
    if sha256(text).hexdigest() == old.card_sha256:
        raise SwitchRefused(f"{old.card.version} is active already")
    if card.version == old.card.version:
        raise SwitchRefused(
            f"both model cards have the version {old.card.version} and differ: reports could not be told apart."
            " Export the repository again"
        )


async def _probe(new: ServedNetworks, settings: Settings) -> None:
    """Raise unless the new networks accept and return the tensors of their model card, with finite values."""
    engine, contract = new.pipeline.engine, new.card.contract
    if reason := await engine.why_not_ready():
        raise EngineUnavailable(f"the new networks do not answer: {reason}")
    views, masks = (
        np.ones((settings.chunk_slices, *tensor.shape), np.uint8) for tensor in (contract.view, contract.lung_mask)
    )
    await engine.infer(views, masks, Deadline.after(settings.deadline_s))
    await engine.classify(views, masks, Deadline.after(settings.deadline_s))


async def _retire(old: ServedNetworks, unused: asyncio.Event, before: AsyncExitStack) -> None:
    """Stop the old networks once their last study has ended, in this and in every other process."""
    try:
        await unused.wait()
        while old.in_use_by_others:  # noqa: ASYNC110  a lock of the kernel, which sends no event
            await asyncio.sleep(OTHERS_POLL_S)
    finally:
        await before.aclose()
        log.info("old networks stopped", model_card=old.card.version)
