"""Steps, batch size, view size and learning rate of a training stage."""

import math
from dataclasses import dataclass
from typing import Final

WARM_UP_STEPS: Final = 40


@dataclass(frozen=True)
class Schedule:
    """Steps of `batch` slices at `size` px; the learning rate has a warm-up, then cosine decay."""

    steps: int
    batch: int
    size: int
    rate: float
    seed: int = 0
    threads: int = 0  # of torch; 0 is torch's default. On cores shared with other processes, one thread is the fastest

    def rate_at(self, step: int) -> float:
        """Learning rate of this step."""
        return (
            self.rate * min(1.0, (step + 1) / WARM_UP_STEPS) * (0.505 + 0.495 * math.cos(math.pi * step / self.steps))
        )
