"""How far the lung lies from the ribs: behind it and beside it, in one slice, for one lung.

A lung with air touches the chest wall: its edge lies 2 to 14 mm from the next rib, mostly 2 to 5 mm (eight adults of
three data sets, six with cancer). Fluid, or lung without air, moves the edge away from the ribs.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]

BEHIND = (
    0.3,
    0.75,
)  # of a lung's width, from the middle of the body: nearer to it lies the spine, farther the side wall
BESIDE = (0.25, 0.75)  # of a lung's depth
FEWEST_LINES = 3
QUANTILE = 10  # a slice cuts each rib at one place; between two ribs there is no bone behind the lung


@dataclass(frozen=True)
class WallGaps:
    """mm from the lung's edge to the bone that is nearest behind it and beside it; None where no bone is met."""

    behind_mm: float | None = None
    beside_mm: float | None = None


def wall_gaps(lung: Mask, bone: Mask, cell_mm: tuple[float, float]) -> WallGaps:
    """Of one lung [rows, columns], the middle of the body left of it and the back down; cells are (row, column)."""
    row_mm, column_mm = cell_mm
    return WallGaps(_gap_mm(lung, bone, row_mm, BEHIND), _gap_mm(lung.T, bone.T, column_mm, BESIDE))


def _gap_mm(lung: Mask, bone: Mask, cell_mm: float, part: tuple[float, float]) -> float | None:
    """The gap downwards, in the columns of the lung that lie in that part of its width."""
    columns = np.flatnonzero(lung.any(axis=0))
    if not columns.size:
        return None
    width = columns[-1] - columns[0] + 1
    first, last = (columns[0] + share * width for share in part)
    columns = columns[(columns >= first) & (columns <= last)]
    if columns.size < FEWEST_LINES:
        return None
    lung, bone = lung[:, columns], bone[:, columns]
    edge = len(lung) - 1 - lung[::-1].argmax(axis=0)
    beyond = bone & (np.arange(len(lung))[:, np.newaxis] > edge)
    gaps = np.where(beyond.any(axis=0), beyond.argmax(axis=0) - edge, np.inf)
    gap = float(np.percentile(gaps, QUANTILE, method="lower"))
    return gap * cell_mm if np.isfinite(gap) else None
