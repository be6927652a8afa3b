"""The catalogues that were read recently: a viewer asks for hundreds of frames of one study."""

import asyncio
from collections import OrderedDict
from typing import Final

from gateway.pacs.dicomweb.catalogue import Series, unpack
from gateway.storage.blobs import Blobs

MAX_INSTANCES: Final = 50_000  # an instance takes about 2 KB


class CatalogueCache:
    """The most recently used catalogues, `max_instances` instances in all; one is never changed under its key."""

    def __init__(self, max_instances: int = MAX_INSTANCES) -> None:
        self._max_instances = max_instances
        self._series: OrderedDict[str, tuple[Series, ...]] = OrderedDict()

    async def read(self, blobs: Blobs, key: str) -> tuple[Series, ...] | None:
        """The catalogue under this key; None when there is none."""
        if key not in self._series:
            data = await blobs.get_derived(key)
            if data is None:
                return None
            self._series[key] = await asyncio.to_thread(unpack, data)
            self._evict()
        self._series.move_to_end(key)
        return self._series[key]

    def _evict(self) -> None:
        while len(self._series) > 1 and sum(map(_instances, self._series.values())) > self._max_instances:
            self._series.popitem(last=False)


def _instances(series: tuple[Series, ...]) -> int:
    return sum(len(one.instances) for one in series)
