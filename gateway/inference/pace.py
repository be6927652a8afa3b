"""How fast slices leave the house, learned from each upload that does."""

from typing import Final

SMOOTHING: Final = 0.2  # weight of the newest hold; about the last five uploads decide


class Pace:
    """Slices a second by Little's law: what was in work meanwhile, over the time that one of them took.

    A house that was never full shows less than it can do, and more once more is let in: the pace is learned upwards
    too. None before anything left.
    """

    def __init__(self) -> None:
        self.slices_per_s: float | None = None

    def left(self, in_flight: float, held_s: float) -> None:
        """Learn from an upload that was in work for `held_s`, with `in_flight` slices, its own among them."""
        seen = in_flight / max(held_s, 1e-6)
        known = self.slices_per_s
        self.slices_per_s = seen if known is None else (1 - SMOOTHING) * known + SMOOTHING * seen

    def seconds_for(self, slices: int) -> float | None:
        """Time until so many slices have left; None while the pace is not known."""
        return None if self.slices_per_s is None else slices / self.slices_per_s
