"""The 3D expert's opinion of a study: the highest of its blocks, on the classifier's scale, and where that is."""

from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from screening.blocks.tiling import LungBlocks
from screening.contract import BLOCK
from screening.errors import EngineFault
from screening.results.calibration import probability
from screening.results.expert_rules import ExpertRules
from screening.results.model_card import ModelCard

Floats = NDArray[np.float32]
Point = tuple[float, float, float]


@dataclass(frozen=True)
class ExpertOutputs:
    """`logits` [N] of the blocks, and the voxel `peaks` [N, 3] (slice, row, column) of the highest cell of each.

    Raises EngineFault for other shapes, for values that are not finite, and for a place outside the block.
    """

    logits: Floats = field(repr=False)
    peaks: Floats = field(repr=False)

    def __post_init__(self) -> None:
        count = len(self.logits)
        if not count or self.logits.shape != (count,) or self.peaks.shape != (count, len(BLOCK)):
            raise EngineFault(
                f"the 3D expert answered {list(self.logits.shape)} logits, {list(self.peaks.shape)} places"
            )
        inside = (self.peaks >= 0) & (self.peaks < np.array(BLOCK))
        if not np.isfinite(self.logits).all() or not inside.all():
            raise EngineFault("the 3D expert answered values that are not finite, or a place outside its block")


@dataclass(frozen=True)
class ExpertOpinion:
    """`p` joins the maximum of the study's score; the place is the nearest `slice` of the series and a point in LPS."""

    p: float
    slice: int
    position_lps_mm: Point

    @classmethod
    def of(cls, blocks: LungBlocks, outputs: ExpertOutputs, rules: ExpertRules) -> Self:
        """The block with the highest logit decides; of equal ones the first."""
        number = int(outputs.logits.argmax())
        voxel = np.add(blocks.origins[number], outputs.peaks[number])
        p = float(expit(rules.slope * float(outputs.logits[number]) + rules.shift))
        return cls(p, blocks.slice_at(float(voxel[0])), blocks.position_lps_mm(voxel))


def expert_is_asked(card: ModelCard, score: float, slice_mm: float) -> bool:
    """Whether serving by this card asks the expert about a study of this score, whose slices lie `slice_mm` apart."""
    rules = card.expert3d
    at = probability(score, card.calibration)
    return rules is not None and rules.asks(at, card.operating_point.threshold, slice_mm)
