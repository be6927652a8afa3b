"""A quick look at the lungs of a series: how much air they hold and whether the field cuts them, to choose a series."""

from dataclasses import dataclass

import numpy as np

from screening.lungs.in_plane_orientation import InPlaneOrientation
from screening.lungs.lung_survey import COARSE_MM, SliceSource
from screening.lungs.slice_anatomy import slice_anatomy
from screening.lungs.slice_sampling import extents_mm, spaced_indices


@dataclass(frozen=True)
class LungLook:
    """`air_ml`: the air in both lungs, which grows with the part of them that is seen and with inspiration.

    `edge_mm`: the longest border of a lung at the edge of a slice.
    """

    air_ml: float
    edge_mm: float


NOTHING = LungLook(0.0, 0.0)


def look_at_lungs(source: SliceSource) -> LungLook:
    """Decode a coarse sample; raises a PixelError of one of its slices."""
    heights = source.heights_mm
    sample = spaced_indices(heights, 0, len(heights) - 1, COARSE_MM)
    orientation = InPlaneOrientation.of(source.geometry.affine_lps)
    _, row_mm, column_mm = source.geometry.spacing_mm
    air_cm2, edges_mm = [], [0.0]
    for index in sample:
        hu = source.hu(index)
        anatomy = slice_anatomy(hu, (row_mm, column_mm), orientation)
        inside = hu[anatomy.lungs_on(hu.shape)]
        air = np.clip(-inside.astype(np.float32) / 1000.0, 0.0, 1.0).sum(dtype=np.float64)
        air_cm2.append(float(air) * row_mm * column_mm / 100.0)
        edges_mm += [anatomy.right.edge_mm, anatomy.left.edge_mm]
    return LungLook(float(np.dot(air_cm2, extents_mm(heights, sample))) / 10.0, max(edges_mm))
