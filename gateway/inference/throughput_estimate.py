"""How fast slices leave the house, learned from each upload that does."""

from typing import Final

SMOOTHING: Final = 0.2  # weight of the newest hold; about the last five uploads decide


class Pace:
    """Seconds a slice by Little's law: the time that an upload took, over what was in work meanwhile. None at first.

    A house that was never full shows less than it can do, and more once more is let in: the pace is learned upwards
    too. Times are averaged, not rates: a file that is refused within milliseconds says little of how long the others
    take.
    """

    def __init__(self) -> None:
        self.seconds_a_slice: float | None = None

    def left(self, in_flight: float, held_s: float) -> None:
        """Learn from an upload that was in work for `held_s`, with `in_flight` slices, its own among them."""
        seen, known = held_s / in_flight, self.seconds_a_slice
        self.seconds_a_slice = seen if known is None else (1 - SMOOTHING) * known + SMOOTHING * seen

    def seconds_for(self, slices: int) -> float | None:
        """Time until so many slices have left; None while the pace is not known."""
        return None if self.seconds_a_slice is None else slices * self.seconds_a_slice
