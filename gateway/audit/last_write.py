"""When this process last wrote an audit event: sealing looks several times a second only then."""

from math import inf
from time import monotonic
from typing import Final


class LastWrite:
    """A moment; no event has been written yet when it is new."""

    def __init__(self) -> None:
        self._at_s = -inf

    def note(self) -> None:
        """An event was written, and its transaction will be committed soon."""
        self._at_s = monotonic()

    @property
    def ago_s(self) -> float:
        """Seconds since then."""
        return monotonic() - self._at_s


LAST_WRITE: Final = LastWrite()
