"""The series cache: series that were read recently, so that the next slice does not read all headers again."""

from collections import OrderedDict
from typing import Final

from gateway.viewing.series_reading import DisplayedSeries

MAX_SLICES: Final = 50_000  # a slice's header takes about 1 KB


class SeriesCache:
    """The most recently used series, `max_slices` slices in all."""

    def __init__(self, max_slices: int = MAX_SLICES) -> None:
        self._max_slices = max_slices
        self._series: OrderedDict[str, DisplayedSeries] = OrderedDict()

    def get(self, key: str) -> DisplayedSeries | None:
        """The series under this key, or None."""
        if key in self._series:
            self._series.move_to_end(key)
        return self._series.get(key)

    def put(self, key: str, series: DisplayedSeries) -> None:
        """Add a series, and evict the least recently used ones above the limit."""
        self._series[key] = series
        self._series.move_to_end(key)
        while len(self._series) > 1 and sum(len(one.volume) for one in self._series.values()) > self._max_slices:
            self._series.popitem(last=False)
