"""The active networks: those that new studies are screened with.

A study uses one set of networks, with its model card, from its first slice to its report:

async with networks.in_use() as served:
    ... served.pipeline ...
"""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from engines.repository_snapshot import RepositorySnapshot
from gateway.screening.pipeline import ScreeningPipeline
from screening.results.model_card import ModelCard


@dataclass(frozen=True)
class ServedNetworks:
    """Networks that a Triton serves, with the weights, thresholds and calibration that belong together.

    `card_text` is model_card.json. `triton_metrics_url` and `snapshot` are None for a Triton that the settings name.
    """

    pipeline: ScreeningPipeline
    card_text: bytes = field(repr=False)
    triton_url: str
    triton_metrics_url: str | None = None
    snapshot: RepositorySnapshot | None = None

    @property
    def card(self) -> ModelCard:
        return self.pipeline.card

    @cached_property
    def card_json(self) -> Mapping[str, Any]:
        """The whole model card, parsed."""
        parsed: dict[str, Any] = json.loads(self.card_text)
        return parsed

    @property
    def card_sha256(self) -> str:
        return hashlib.sha256(self.card_text).hexdigest()

    @property
    def in_use_by_others(self) -> bool:
        """Whether another process uses these networks."""
        return self.snapshot is not None and self.snapshot.in_use_by_others


class ActiveNetworks:
    """Holds the active networks and counts their users; for one event loop."""

    def __init__(self, first: ServedNetworks) -> None:
        self._activation = _Activation(first)

    @property
    def current(self) -> ServedNetworks:
        """The active networks, for display only: they may be stopped at any time. To screen, take `in_use`."""
        return self._activation.served

    @asynccontextmanager
    async def in_use(self) -> AsyncIterator[ServedNetworks]:
        """The networks that are active now; they are not stopped before the block ends."""
        activation = self._activation
        activation.users += 1
        activation.unused.clear()
        try:
            yield activation.served
        finally:
            activation.users -= 1
            if not activation.users:
                activation.unused.set()

    def activate(self, served: ServedNetworks) -> "asyncio.Event":
        """Give these networks to all new studies; the event is set once nobody uses the old ones any more."""
        before, self._activation = self._activation, _Activation(served)
        return before.unused


@dataclass
class _Activation:
    served: ServedNetworks
    users: int = 0
    unused: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.unused.set()
