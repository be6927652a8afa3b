"""Thin round segments in a slice of some thickness: which share of each pixel they fill."""

from dataclasses import dataclass, field
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from screening.phantom.shapes import Field

Doubles = NDArray[np.float64]

CANVAS_PX: Final = 1024  # at least; finer than the slice, since OpenCV's lines are whole pixels wide
THINNEST_PX: Final = 1.3
EVEN_WIDER_PX: Final = 1.5
_FRACTION_BITS: Final = 4
_FULL: Final = 255


@dataclass(frozen=True)
class Segments:
    """Segments from `starts` to `ends` [N, 3] with `diameters` [N], in mm."""

    starts: Doubles = field(repr=False)
    ends: Doubles = field(repr=False)
    diameters: Doubles = field(repr=False)

    def within(self, low_mm: float, high_mm: float) -> "Segments":
        """The parts of the segments between two heights."""
        z0, z1 = self.starts[:, 2], self.ends[:, 2]
        near = (np.minimum(z0, z1) < high_mm) & (np.maximum(z0, z1) > low_mm)
        starts, ends, z0 = self.starts[near], self.ends[near], z0[near]
        rise = ends[:, 2] - z0
        rise = np.where(np.abs(rise) < 1e-6, 1e-6, rise)
        ways = np.sort(np.clip((np.array([[low_mm], [high_mm]]) - z0) / rise, 0, 1), axis=0)
        first, last = (starts + way[:, np.newaxis] * (ends - starts) for way in ways)
        return Segments(first, last, self.diameters[near])

    def share(self, z_mm: float, thickness_mm: float, size: int, px_per_mm: float) -> Field:
        """The share [size, size] of each pixel that is filled, in a slice around this height.

        A segment that lies in the slice fills as much of its outline as its thickness is of the slice's; one that
        crosses the slice fills its outline.
        """
        part = self.within(z_mm - thickness_mm / 2, z_mm + thickness_mm / 2)
        factor = max(1, -(-CANVAS_PX // size))
        scale = px_per_mm * factor
        flat = np.hypot(*(part.ends - part.starts).T[:2])
        length = np.linalg.norm(part.ends - part.starts, axis=1)
        outline = part.diameters * flat + np.pi / 4 * part.diameters**2
        depth = np.pi / 4 * part.diameters**2 * np.maximum(length, part.diameters) / outline
        widths, drawn = _line_widths(part.diameters * scale)
        shares = np.minimum(1.0, depth / thickness_mm * part.diameters * scale / drawn)
        return _drawn(part, shares, widths, size, factor, scale)


def _line_widths(pixels: Doubles) -> tuple[NDArray[np.int_], Doubles]:
    """Which line width to ask of OpenCV for lines about as wide as this, and how wide it then draws them.

    Measured: smooth lines of width 1 are 1.3 px wide, even ones 1.5 px wider than asked, odd ones like the next even.
    """
    even = np.maximum(2, 2 * np.rint((pixels - EVEN_WIDER_PX) / 2)).astype(int)
    thin = pixels < (THINNEST_PX + 2 + EVEN_WIDER_PX) / 2
    return np.where(thin, 1, even), np.where(thin, THINNEST_PX, even + EVEN_WIDER_PX)


def _drawn(part: Segments, shares: Doubles, widths: NDArray[np.int_], size: int, factor: int, scale: float) -> Field:
    canvas = np.zeros((size * factor, size * factor), np.uint8)
    unit = 2**_FRACTION_BITS
    middle = (size * factor - 1) / 2
    points = np.rint((np.stack([part.starts, part.ends], 1)[:, :, :2] * scale + middle) * unit).astype(int)
    greys = np.rint(shares * _FULL).astype(int)
    for at in np.argsort(greys, kind="stable"):  # the fullest ones last, on top
        (x0, y0), (x1, y1) = points[at].tolist()
        cv2.line(canvas, (x0, y0), (x1, y1), int(greys[at]), int(widths[at]), cv2.LINE_AA, _FRACTION_BITS)
    small = cv2.resize(canvas, (size, size), interpolation=cv2.INTER_AREA)
    return small.astype(np.float32) / np.float32(_FULL)
