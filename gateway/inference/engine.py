"""The interface of an inference engine, and the deadline of a study."""

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from screening.contract import Priority
from screening.errors import EngineDeadline
from screening.results.expert_opinion import ExpertOutputs
from screening.results.fusion import SliceOutputs


@dataclass(frozen=True)
class Deadline:
    """The moment on the monotonic clock at which the study's time is over."""

    at_s: float

    @classmethod
    def after(cls, seconds: float) -> Self:
        return cls(monotonic() + seconds)

    def left_s(self) -> float:
        """Seconds that are left; raises EngineDeadline when none are."""
        left = self.at_s - monotonic()
        if left <= 0:
            raise EngineDeadline("the time for this study ran out; it may pass when the service is less busy")
        return left


class Engine(Protocol):
    """Serves the ensemble of `screening.contract`."""

    async def infer(
        self,
        views: NDArray[np.uint8],
        lung_masks: NDArray[np.uint8],
        deadline: Deadline,
        on_slices: Callable[[int], None] = lambda _: None,
        priority: Priority = Priority.ROUTINE,
    ) -> SliceOutputs:
        """Run the ensemble on K plain views (`views` and `lung_masks` [K,1,H,W]); all of them, or an EngineError.

        `on_slices` gets the number of newly answered slices; `priority` is that in Triton's queues.
        """
        ...

    async def classify(
        self,
        views: NDArray[np.uint8],
        lung_masks: NDArray[np.uint8],
        deadline: Deadline,
        priority: Priority = Priority.ROUTINE,
    ) -> NDArray[np.float32]:
        """Run the classifier alone on N views ([N,1,H,W] each); their logits [N], or an EngineError."""
        ...

    async def ask_expert(
        self,
        blocks: NDArray[np.uint8],
        masks: NDArray[np.uint8],
        deadline: Deadline,
        priority: Priority = Priority.ROUTINE,
    ) -> ExpertOutputs:
        """Run the 3D expert on N blocks (`blocks` and `masks` [N,1,*BLOCK]); all of them, or an EngineError."""
        ...

    async def why_not_ready(self) -> str | None:
        """None when the ensemble is ready and is the one of the model card; otherwise the reason."""
        ...

    async def close(self) -> None:
        """Close the connection."""
        ...
