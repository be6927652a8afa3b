"""Who looked at what a moment ago: scrolling through a scan is one reading of it for the audit, not three hundred."""

from collections import OrderedDict
from time import monotonic
from typing import Final

SPAN_S: Final = 600.0
MOST: Final = 10_000


class Recently:
    """Marks that fade after `span_s`; the oldest go when there are too many."""

    def __init__(self, span_s: float = SPAN_S, most: int = MOST) -> None:
        self._span_s = span_s
        self._most = most
        self._marked_s: OrderedDict[tuple[str, ...], float] = OrderedDict()

    def __contains__(self, mark: tuple[str, ...]) -> bool:
        return monotonic() - self._marked_s.get(mark, -self._span_s) < self._span_s

    def add(self, mark: tuple[str, ...]) -> None:
        """Set a mark, which then counts from now."""
        self._marked_s[mark] = monotonic()
        self._marked_s.move_to_end(mark)
        if len(self._marked_s) > self._most:
            self._marked_s.popitem(last=False)
