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
    back = _gap_mm(np.ascontiguousarray(lung.T), np.ascontiguousarray(bone.T), row_mm, BEHIND)
    return WallGaps(back, _gap_mm(lung, bone, column_mm, BESIDE))


def _gap_mm(lung: Mask, bone: Mask, cell_mm: float, part: tuple[float, float]) -> float | None:
    """The gap along the rows, in those rows of the lung that lie in that part of its width.

    Rows, since numpy searches the last axis of a contiguous array three times as fast as the first one.
    """
    rows = np.flatnonzero(lung.any(axis=1))
    if not rows.size:
        return None
    width = rows[-1] - rows[0] + 1
    first, last = (rows[0] + share * width for share in part)
    rows = rows[(rows >= first) & (rows <= last)]
    if rows.size < FEWEST_LINES:
        return None
    lung, bone = lung[rows], bone[rows]
    edge = lung.shape[1] - 1 - lung[:, ::-1].argmax(axis=1)
    beyond = bone & (np.arange(lung.shape[1]) > edge[:, np.newaxis])
    gaps = np.where(beyond.any(axis=1), beyond.argmax(axis=1) - edge, np.inf)
    gap = float(np.percentile(gaps, QUANTILE, method="lower"))
    return gap * cell_mm if np.isfinite(gap) else None
