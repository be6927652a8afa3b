"""Which networks are in force. A study holds one set of them, with its card, from its first slice to its report.

async with networks.in_use() as served:
    ... served.analysis ...
"""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from engines.repository_snapshot import Holding
from gateway.screening.pipeline import Analysis
from screening.model_card import ModelCard


@dataclass(frozen=True)
class Served:
    """Networks that answer, and all that belongs to them: weights, thresholds and calibration go together.

    `card_text` is model_card.json. `triton_metrics_url` and `holding` are None where Triton is elsewhere.
    """

    analysis: Analysis
    card_text: bytes = field(repr=False)
    triton_url: str
    triton_metrics_url: str | None = None
    holding: Holding | None = None

    @property
    def card(self) -> ModelCard:
        return self.analysis.card

    @cached_property
    def told(self) -> Mapping[str, Any]:
        """The whole card, for people."""
        told: dict[str, Any] = json.loads(self.card_text)
        return told

    @property
    def card_sha256(self) -> str:
        return hashlib.sha256(self.card_text).hexdigest()

    @property
    def used_by_others(self) -> bool:
        """Whether another process asks these networks."""
        return self.holding is not None and self.holding.used_by_others


class Networks:
    """Gives out what is in force, and puts another in its place; for one event loop."""

    def __init__(self, first: Served) -> None:
        self._now = _InForce(first)

    @property
    def now(self) -> Served:
        """What is in force, for those who look and decide nothing by it."""
        return self._now.served

    @asynccontextmanager
    async def in_use(self) -> AsyncIterator[Served]:
        """What is in force now; it stays alive, and the same, until the block ends."""
        with_it = self._now
        with_it.users += 1
        with_it.unused.clear()
        try:
            yield with_it.served
        finally:
            with_it.users -= 1
            if not with_it.users:
                with_it.unused.set()

    def put_in_force(self, served: Served) -> "asyncio.Event":
        """Give this to all who come from now on; the event says that nobody uses the one before any more."""
        before, self._now = self._now, _InForce(served)
        return before.unused


@dataclass
class _InForce:
    served: Served
    users: int = 0
    unused: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.unused.set()
