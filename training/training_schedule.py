"""How long, how large and how fast a stage trains."""

import math
from dataclasses import dataclass
from typing import Final

WARM_UP_STEPS: Final = 40


@dataclass(frozen=True)
class Schedule:
    """Steps of `batch` slices at `size` px; the rate warms up, then falls as a cosine."""

    steps: int
    batch: int
    size: int
    rate: float
    seed: int = 0
    threads: int = 0  # of torch; 0 leaves it alone. On cores that others use too, one thread is the fastest

    def rate_at(self, step: int) -> float:
        """Learning rate of this step."""
        return (
            self.rate * min(1.0, (step + 1) / WARM_UP_STEPS) * (0.505 + 0.495 * math.cos(math.pi * step / self.steps))
        )
