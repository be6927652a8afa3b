"""The hits of one key in a sliding window, from two counts: the current window's and the previous one's.

The hits of the last `length_s` seconds are estimated as `current + previous * (1 - elapsed share of the window)`, which
is exact for hits that are spread evenly. Two integers for each key can be shared between processes; the times of the
hits could not be, at this cost.
"""

from dataclasses import dataclass


@dataclass
class SlidingWindow:
    """At most `limit` hits in `length_s` seconds. Times are in seconds since the epoch."""

    limit: int
    length_s: int
    number: int = 0  # of the current window since the epoch, so that all processes count in the same ones
    current: int = 0
    previous: int = 0

    def wait_s(self, now_s: float) -> float:
        """Seconds until one more hit is within the limit, if nobody else hits; 0 when it is now."""
        self._advance(now_s)
        elapsed_s = now_s - self.number * self.length_s
        if self.current < self.limit:
            return max(0.0, self._fades_to_s(self.previous, self.limit - 1 - self.current) - elapsed_s)
        return self.length_s - elapsed_s + self._fades_to_s(self.current, self.limit - 1)

    def hit(self, now_s: float) -> None:
        """Count one hit."""
        self._advance(now_s)
        self.current += 1

    def is_exceeded(self, now_s: float) -> bool:
        """Whether more hits than the limit were counted, by this process and others."""
        self._advance(now_s)
        share_left = 1 - (now_s - self.number * self.length_s) / self.length_s
        return self.current + self.previous * share_left > self.limit

    def merge(self, number: int, current: int, previous: int) -> None:
        """Take over the counts of all processes. A lower count is of an exchange that has lost some hits."""
        if number == self.number:
            self.current, self.previous = max(self.current, current), max(self.previous, previous)
        elif number == self.number - 1:
            self.previous = max(self.previous, current)

    def _advance(self, now_s: float) -> None:
        """Begin the window of this time. After a clock's jump, in either direction, the counts begin at 0."""
        number = int(now_s // self.length_s)
        if number != self.number:
            self.previous = self.current if number == self.number + 1 else 0
            self.number, self.current = number, 0

    def _fades_to_s(self, hits: int, weight: int) -> float:
        """Seconds of a window after which the hits of the window before it count as at most `weight`."""
        return 0.0 if hits <= weight else self.length_s * (1 - weight / hits)
