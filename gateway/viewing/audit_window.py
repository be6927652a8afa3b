"""The audit window: repeated reads of a scan within ten minutes are one audit event, not one for each slice."""

from collections import OrderedDict
from time import monotonic
from typing import Final

SPAN_S: Final = 600.0
MAX_KEYS: Final = 10_000


class AuditWindow:
    """Keys of recent audit events; a key is forgotten after `span_s`, or as the oldest of more than `max_keys`."""

    def __init__(self, span_s: float = SPAN_S, max_keys: int = MAX_KEYS) -> None:
        self._span_s = span_s
        self._max_keys = max_keys
        self._added_s: OrderedDict[tuple[str, ...], float] = OrderedDict()

    def __contains__(self, key: tuple[str, ...]) -> bool:
        return monotonic() - self._added_s.get(key, -self._span_s) < self._span_s

    def add(self, key: tuple[str, ...]) -> None:
        """Add a key, or restart its time."""
        self._added_s[key] = monotonic()
        self._added_s.move_to_end(key)
        if len(self._added_s) > self._max_keys:
            self._added_s.popitem(last=False)
