"""The throughput estimate: seconds a slice, measured on each upload that ends."""

from typing import Final

SMOOTHING: Final = 0.2  # weight of the newest upload; about the last five uploads decide


class ThroughputEstimate:
    """Seconds a slice by Little's law: the time of an upload over the slices admitted during it. None at first.

    A service that is not full shows less than its capacity, so then an upload can only lower the time: one that came
    alone to a cold service would otherwise have the next crowd refused. One that was not screened, for what it holds,
    can only raise it: files that are refused within milliseconds would otherwise have any crowd accepted. Times are
    averaged, not rates.
    """

    def __init__(self) -> None:
        self.seconds_per_slice: float | None = None

    def record(self, admitted: float, held_s: float, *, full: bool = True, screened: bool = True) -> None:
        """Record an upload that took `held_s` with `admitted` slices in flight or finishing, its own included.

        `full` says that another one would have waited, `screened` that a study was read and had its verdict.
        """
        newest, known = held_s / admitted, self.seconds_per_slice
        if not full and (known is None or newest > known):
            return
        if not screened and (known is None or newest < known):
            return
        self.seconds_per_slice = newest if known is None else (1 - SMOOTHING) * known + SMOOTHING * newest

    def seconds_for(self, slices: float) -> float | None:
        """Seconds until `slices` slices have left; None before the first measurement."""
        return None if self.seconds_per_slice is None else slices * self.seconds_per_slice
