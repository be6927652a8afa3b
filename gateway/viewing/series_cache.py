"""Series that were read a moment ago: the next slice of one need not read the headers again."""

from collections import OrderedDict
from typing import Final

from gateway.viewing.series_reading import Shown

MOST_SLICES: Final = 50_000  # a slice's header takes about 1 KB


class Shelf:
    """The series used last, as many as `most_slices` slices."""

    def __init__(self, most_slices: int = MOST_SLICES) -> None:
        self._most_slices = most_slices
        self._shown: OrderedDict[str, Shown] = OrderedDict()

    def find(self, key: str) -> Shown | None:
        """The series under this key, if it is still here."""
        if key in self._shown:
            self._shown.move_to_end(key)
        return self._shown.get(key)

    def keep(self, key: str, shown: Shown) -> None:
        """Remember a series, and forget those that were not used for longest."""
        self._shown[key] = shown
        self._shown.move_to_end(key)
        while len(self._shown) > 1 and sum(len(one.volume) for one in self._shown.values()) > self._most_slices:
            self._shown.popitem(last=False)
