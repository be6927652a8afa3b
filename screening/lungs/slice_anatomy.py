"""What coverage needs to know of one slice: where each lung is, and how far it lies from the ribs and from the edge.

All is measured on the lung mask's grid of at most `GRID_PX` a side; areas and distances are in cm2 and mm.
"""

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from screening.lungs.chest_wall import WallGaps, wall_gaps
from screening.lungs.in_plane_orientation import STANDARD, InPlaneOrientation
from screening.lungs.slice_lungs import SliceLungs, UprightSlice

BONE_HU = 160  # cells of 2 mm average a rib: 200 to 500 HU; soft tissue and lung that takes up contrast stay below 140
CROSSING = 0.25  # a part of the lung mask with so much of it on either side is both lungs, joined in front of the heart

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class LungSection:
    """One lung in one slice: area with air, width and depth, gaps to the ribs, length at the slice's edge."""

    area_cm2: float = 0.0
    width_mm: float = 0.0
    depth_mm: float = 0.0
    edge_mm: float = 0.0
    gaps: WallGaps = field(default_factory=WallGaps)


@dataclass(frozen=True)
class SliceAnatomy(SliceLungs):
    """The lungs of one slice, measured. `right` and `left` are the patient's."""

    right: LungSection = field(default_factory=LungSection)
    left: LungSection = field(default_factory=LungSection)

    @property
    def area_cm2(self) -> float:
        return self.right.area_cm2 + self.left.area_cm2


def slice_anatomy(
    hu: NDArray[np.int16], spacing_mm: tuple[float, float], orientation: InPlaneOrientation = STANDARD
) -> SliceAnatomy:
    """The anatomy of a slice [rows, columns] in HU; spacing is (row, column)."""
    upright = UprightSlice.of(hu, spacing_mm, orientation)
    lungs = upright.lungs_in(orientation)
    if not lungs.any():
        return SliceAnatomy(upright.blank, lungs)
    bone = upright.hu > BONE_HU
    right = _of_side(upright.lungs, _middle_column(upright.lungs, bone))
    return SliceAnatomy(
        False,
        lungs,
        _section(np.ascontiguousarray(right[:, ::-1]), np.ascontiguousarray(bone[:, ::-1]), upright.cell_mm),
        _section(upright.lungs & ~right, bone, upright.cell_mm),
    )


def _middle_column(lungs: Mask, bone: Mask) -> int:
    """The column of the spine: half of the bone lies on either side; without bone, the middle of the lungs."""
    columns = (bone if bone.any() else lungs).sum(axis=0).cumsum()
    return int(np.searchsorted(columns, columns[-1] / 2))


def _of_side(lungs: Mask, middle: int) -> Mask:
    """The cells of the lung on the patient's right, which lies left of the column `middle`."""
    count, found = cv2.connectedComponents(lungs.view(np.uint8), connectivity=4)
    labels = np.asarray(found, np.int32)
    cells = np.bincount(labels.ravel(), minlength=count)
    left_of_middle = np.bincount(labels[:, :middle].ravel(), minlength=count)
    share = left_of_middle / np.maximum(cells, 1)
    whole = (share > 0.5).take(labels)
    crossing = ((share > CROSSING) & (share < 1 - CROSSING)).take(labels)
    whole[:, :middle] |= crossing[:, :middle]
    whole[:, middle:] &= ~crossing[:, middle:]
    return np.asarray(whole & lungs, np.bool_)


def _section(lung: Mask, bone: Mask, cell_mm: tuple[float, float]) -> LungSection:
    row_mm, column_mm = cell_mm
    cells = int(np.count_nonzero(lung))
    if not cells:
        return LungSection()
    rows, columns = lung[[0, -1]].sum(axis=1).max(), lung[:, [0, -1]].sum(axis=0).max()
    return LungSection(
        area_cm2=cells * row_mm * column_mm / 100.0,
        width_mm=float(np.count_nonzero(lung.any(axis=0)) * column_mm),
        depth_mm=float(np.count_nonzero(lung.any(axis=1)) * row_mm),
        edge_mm=float(max(rows * column_mm, columns * row_mm)),
        gaps=wall_gaps(lung, bone, cell_mm),
    )
