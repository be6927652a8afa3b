"""What the 3D expert marks in a volume: the highest cells, with their place in the patient, block by block."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch.nn import functional

from screening.blocks.tiling import LungBlocks
from screening.contract import BLOCK
from training.networks.expert import Expert3d
from training.networks.expert.expert3d import counted_cells

LOWEST: Final = -6.0  # a mark below it is none: a probability of 0.2 %
APART_CELLS: Final = 2  # no second mark within so many cells: 8 mm of the light network

Point = tuple[float, float, float]


@dataclass(frozen=True)
class Mark:
    """A local maximum of the cells' logits, at a point in the patient (LPS, mm)."""

    logit: float
    at_lps_mm: Point

    def near(self, point: Point, within_mm: float) -> bool:
        """Whether it lies within this distance of a point."""
        return float(np.linalg.norm(np.subtract(self.at_lps_mm, point))) <= within_mm


@dataclass(frozen=True)
class ExpertReading:
    """`logit` is that of the study as served: the highest of its blocks; `marks` are in descending order."""

    logit: float
    marks: tuple[Mark, ...]

    def highest_near(self, point: Point, within_mm: float) -> float:
        """The highest mark near a point, `LOWEST` where there is none."""
        return max((mark.logit for mark in self.marks if mark.near(point, within_mm)), default=LOWEST)


@torch.no_grad()
def read(network: Expert3d, blocks: LungBlocks) -> ExpertReading:
    """Run the network on every block of a study."""
    logits: list[float] = []
    marks: list[Mark] = []
    for number in range(len(blocks)):
        block = torch.from_numpy(blocks.blocks[number : number + 1])
        mask = torch.from_numpy(blocks.masks[number : number + 1])
        cells = network.cells(block)
        counted = counted_cells(mask, cells.shape[1:])
        kept = cells[counted]
        if len(kept):
            highest = kept.topk(min(len(kept), network.pooled_cells(cells.shape[1:])))
            logits.append(float(highest.values.mean()))
            marks.extend(_marks(cells, counted, blocks, number))
    return ExpertReading(max(logits, default=LOWEST), tuple(sorted(marks, key=lambda mark: -mark.logit)))


def _marks(cells: torch.Tensor, counted: torch.Tensor, blocks: LungBlocks, number: int) -> Iterator[Mark]:
    kept = torch.where(counted, cells, torch.full_like(cells, LOWEST - 1))
    highest = functional.max_pool3d(kept.unsqueeze(1), 2 * APART_CELLS + 1, stride=1, padding=APART_CELLS).squeeze(1)
    for _, *cell in torch.nonzero((kept == highest) & (kept >= LOWEST)).tolist():
        sides = np.array(BLOCK) / np.array(cells.shape[1:])
        voxel = (np.array(cell) + 0.5) * sides - 0.5 + np.array(blocks.origins[number])
        yield Mark(float(kept[0, *cell]), blocks.position_lps_mm(voxel))
