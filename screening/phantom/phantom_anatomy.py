"""The anatomy of the synthetic chest, drawn in millimetres, slice by slice, from the outside inwards.

x grows to the patient's left, y to posterior, z to the head (LPS; z is 0 at the lowest slice). It is not symmetric: the
heart and the aorta lie left, the liver lies right. It is realistic enough for the lung mask and for demonstrations
only.
"""

import math
from dataclasses import dataclass, field
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

HEIGHT_MM = 300.0
FIELD_MM = 400.0

AIR, LUNG, FAT, FLUID, SOFT, LIVER, BLOOD, SPONGY, BONE = -1000, -860, -100, 8, 40, 60, 48, 180, 600
NOISE_HU = 14.0
VESSELS = 90  # each lung
FRACTION_BITS = 4  # of a pixel, as OpenCV draws

Slice = NDArray[np.float32]
Point = tuple[float, float]


@dataclass(frozen=True)
class Airless:
    """Lung without air from `low_mm` to `high_mm`: from the back forward over a share of the lung's depth.

    The share changes evenly from `depth_low` to `depth_high`; 1.0 is the whole section.
    """

    low_mm: float
    high_mm: float
    right: bool = True
    left: bool = True
    depth_low: float = 1.0
    depth_high: float = 1.0

    def depth(self, z_mm: float) -> float:
        if not self.low_mm <= z_mm < self.high_mm:
            return 0.0
        way_up = (z_mm - self.low_mm) / (self.high_mm - self.low_mm)
        return self.depth_low + way_up * (self.depth_high - self.depth_low)


@dataclass(frozen=True)
class Chest:
    """A chest from a seed, which sets its size and vessels; optionally with a nodule, an effusion or airless lung."""

    seed: int
    nodule: bool
    effusion: bool
    airless: Airless | None = field(default=None, repr=False)

    def hu(self, z_mm: float, size: int) -> NDArray[np.int16]:
        """One slice [size, size] in HU at height `z_mm`, with a field of view of `FIELD_MM`."""
        canvas = _Canvas.of_air(size, self._scale)
        z = z_mm / HEIGHT_MM
        _draw_table(canvas)
        _draw_wall(canvas, z)
        lungs = _draw_lungs(canvas, z)
        self._draw_vessels(canvas, z_mm, lungs)
        if self.nodule:
            _draw_ball(canvas, (-78.0, 18.0), z_mm - 0.6 * HEIGHT_MM, radius=11.0, hu=30)
        _draw_mediastinum(canvas, z)
        _draw_abdomen(canvas, z)
        if self.effusion:
            _draw_effusion(canvas, z, lungs)
        if self.airless:
            _draw_airless(canvas, self.airless, z_mm, lungs)
        _draw_bones(canvas, z_mm)
        return self._scanned(canvas.hu, z_mm)

    @cached_property
    def _scale(self) -> float:
        return float(np.random.default_rng(self.seed).uniform(0.94, 1.06))

    @cached_property
    def _vessels(self) -> NDArray[np.float64]:
        """Vessels as line segments [2 x VESSELS, 2, 3] in mm, from the hilum to a point in the lung."""
        draw = np.random.default_rng([self.seed, 1])
        sides = np.repeat([-1.0, 1.0], VESSELS)
        ways = draw.normal(size=(2 * VESSELS, 3))
        ways *= (
            np.array([52.0, 72.0, 105.0])
            * draw.uniform(0.5, 1.0, (2 * VESSELS, 1))
            / np.linalg.norm(ways, axis=1, keepdims=True)
        )
        hila = np.stack([32.0 * sides, np.full_like(sides, 8.0), np.full_like(sides, 0.5 * HEIGHT_MM)], axis=1)
        middles = hila + np.stack([42.0 * sides, np.zeros_like(sides), np.zeros_like(sides)], axis=1)
        return np.stack([hila, middles + ways], axis=1)

    def _draw_vessels(self, canvas: "_Canvas", z_mm: float, lungs: NDArray[np.bool_]) -> None:
        before = canvas.hu.copy()
        for start, end in self._vessels:
            length = end[2] - start[2] or 1e-6
            near, far = sorted(((z_mm - 2.5 - start[2]) / length, (z_mm + 2.5 - start[2]) / length))
            near, far = max(0.0, near), min(1.0, far)
            if near < far:
                first, last = start + near * (end - start), start + far * (end - start)
                canvas.line((first[0], first[1]), (last[0], last[1]), 5.0 * (1.0 - near) ** 2 + 1.2, BLOOD)
        canvas.hu[~lungs] = before[~lungs]

    def _scanned(self, hu: Slice, z_mm: float) -> NDArray[np.int16]:
        """The slice with a scanner's blur and correlated noise."""
        draw = np.random.default_rng([self.seed, 2, round(z_mm * 1000)])
        noise = cv2.GaussianBlur(draw.standard_normal(hu.shape, np.float32), (0, 0), 0.8) * (NOISE_HU * 2.8)
        sharp = cv2.GaussianBlur(hu, (0, 0), 0.0016 * len(hu))
        return np.clip(np.rint(sharp + noise), -1024, 3071).astype(np.int16)


@dataclass(frozen=True)
class _Canvas:
    """A slice to draw on; coordinates are in mm from the middle of the field of view."""

    hu: Slice
    px_per_mm: float

    @classmethod
    def of_air(cls, size: int, scale: float) -> "_Canvas":
        return cls(np.full((size, size), AIR, np.float32), scale * size / FIELD_MM)

    def ellipse(self, centre: Point, radii: Point, hu: float, turn_deg: float = 0.0) -> None:
        if min(radii) > 0:
            axes = (self._fixed(radii[0]), self._fixed(radii[1]))
            cv2.ellipse(self.hu, self._at(centre), axes, turn_deg, 0, 360, hu, cv2.FILLED, cv2.LINE_8, FRACTION_BITS)

    def line(self, start: Point, end: Point, width_mm: float, hu: float) -> None:
        width = max(1, round(width_mm * self.px_per_mm))
        cv2.line(self.hu, self._at(start), self._at(end), hu, width, cv2.LINE_8, FRACTION_BITS)

    def _at(self, point: Point) -> tuple[int, int]:
        middle = len(self.hu) / 2 * 2**FRACTION_BITS
        return round(middle + self._fixed(point[0])), round(middle + self._fixed(point[1]))

    def _fixed(self, mm: float) -> int:
        return int(mm * self.px_per_mm * 2**FRACTION_BITS)


def _draw_table(canvas: _Canvas) -> None:
    for drop, hu in ((0.0, -250.0), (4.0, -890.0)):
        canvas.ellipse((0.0, 118.0 + drop), (190.0 - drop, 34.0 - 2 * drop), hu)
    canvas.ellipse((0.0, 82.0), (185.0, 40.0), AIR)


def _draw_wall(canvas: _Canvas, z: float) -> None:
    shoulders = 26.0 * _smooth(z, 0.72, 0.95)
    flat = 12.0 * _smooth(z, 0.75, 1.0)
    canvas.ellipse((0.0, 0.0), (164.0 + shoulders, 114.0 - flat), FAT)
    canvas.ellipse((0.0, 0.0), (150.0 + shoulders, 102.0 - flat), SOFT)
    canvas.ellipse((0.0, -6.0), (133.0, 88.0 - flat), FAT - 10)


def _draw_lungs(canvas: _Canvas, z: float) -> NDArray[np.bool_]:
    """Draw both lungs; returns their mask."""
    dome = _dome(z) if z > 0.06 else 0.0
    before = canvas.hu.copy()
    canvas.ellipse((-68.0, -2.0), (60.0 * dome, 84.0 * dome), LUNG)
    canvas.ellipse((69.0, -2.0), (57.0 * dome, 81.0 * dome), LUNG)
    lungs = np.asarray(canvas.hu != before, np.bool_)
    depth = np.linspace(-60.0, 60.0, len(canvas.hu), dtype=np.float32)[
        :, np.newaxis
    ]  # gravity: posterior lung is denser
    np.add(canvas.hu, depth, out=canvas.hu, where=lungs)
    return lungs


def _dome(z: float) -> float:
    """The size of a section of the lungs and of the rib cage around them, of the largest."""
    return math.sqrt(max(0.0, 1.0 - (max(0.0, z - 0.45) / 0.5) ** 2))


def _draw_mediastinum(canvas: _Canvas, z: float) -> None:
    canvas.ellipse((2.0, -18.0), (20.0, 62.0), FAT + 30)
    canvas.ellipse((0.0, 20.0), (17.0, 30.0), SOFT)
    heart = math.sqrt(max(0.0, 1.0 - ((z - 0.32) / 0.2) ** 2))
    canvas.ellipse((26.0, -28.0), (64.0 * heart, 46.0 * heart), BLOOD, turn_deg=28.0)
    if z > 0.48:
        canvas.ellipse((-10.0, -24.0), (15.0 * (z < 0.72), 16.0), BLOOD)  # ascending aorta
        canvas.ellipse((14.0, -16.0), (11.0 * (z < 0.62), 17.0), BLOOD, turn_deg=60.0)  # pulmonary trunk
        canvas.ellipse((-19.0, -12.0), (8.0, 9.0), BLOOD)  # superior vena cava
    if 0.68 < z < 0.74:
        canvas.ellipse((10.0, 2.0), (13.0, 44.0), BLOOD, turn_deg=-35.0)  # arch
    if z < 0.74:
        canvas.ellipse((24.0, 44.0), (12.5, 12.5), BLOOD)  # descending aorta
    if z > 0.56:
        canvas.ellipse((0.0, 10.0), (11.0, 11.0), SOFT)
        canvas.ellipse((0.0, 10.0), (9.0, 8.5), AIR)  # trachea
    elif z > 0.46:
        apart = 10.0 + 200.0 * (0.56 - z)
        for side in (-1.0, 1.0):
            canvas.ellipse((side * apart, 12.0), (8.0, 7.5), SOFT)
            canvas.ellipse((side * apart, 12.0), (6.0, 5.5), AIR)  # main bronchi


def _draw_abdomen(canvas: _Canvas, z: float) -> None:
    right, left = _smooth(z, 0.36, 0.04), _smooth(z, 0.28, 0.02)
    lowest = 0.3 * (
        1.0 - _smooth(z, 0.05, 0.14)
    )  # the recess behind them is some 20 mm deep and narrows towards its end
    canvas.ellipse((-62.0, -8.0), (64.0 * right, (70.0 + 78.0 * lowest) * right), LIVER)
    canvas.ellipse((66.0, -4.0), ((58.0 + 10.0 * lowest) * left, (66.0 + 74.0 * lowest) * left), SOFT)
    if z < 0.16:
        canvas.ellipse((52.0, -30.0), (17.0, 10.0), AIR)  # gas in the stomach
        canvas.ellipse((84.0, 26.0), (20.0, 26.0), LIVER)  # spleen


def _draw_effusion(canvas: _Canvas, z: float, lungs: NDArray[np.bool_]) -> None:
    """Fluid posterior in the left lung, with a level that falls towards the head."""
    size = len(canvas.hu)
    level = size / 2 + (22.0 + 120.0 * z) * canvas.px_per_mm
    behind = np.arange(size)[:, np.newaxis] > level
    left = np.arange(size)[np.newaxis] > size / 2
    canvas.hu[lungs & behind & left & (canvas.hu < 0)] = FLUID


def _draw_airless(canvas: _Canvas, airless: Airless, z_mm: float, lungs: NDArray[np.bool_]) -> None:
    rows = np.flatnonzero(lungs.any(axis=1))
    depth = airless.depth(z_mm)
    if not rows.size or depth <= 0:
        return
    filled = lungs.copy()
    filled[: round(rows[-1] + 1 - min(1.0, depth) * (rows[-1] - rows[0] + 1))] = False
    middle = lungs.shape[1] // 2
    filled[:, :middle] &= airless.right
    filled[:, middle:] &= airless.left
    canvas.hu[filled & (canvas.hu < 0)] = SOFT


def _draw_bones(canvas: _Canvas, z_mm: float) -> None:
    canvas.ellipse((0.0, 64.0), (20.0, 16.0), BONE)
    canvas.ellipse((0.0, 64.0), (17.0, 13.0), SPONGY)
    canvas.ellipse((0.0, 86.0), (12.0, 10.0), BONE)
    canvas.ellipse((0.0, 85.0), (8.0, 7.0), FLUID + 20)  # canal
    canvas.ellipse((0.0, 100.0), (4.0, 8.0), BONE)
    if z_mm > 0.34 * HEIGHT_MM:
        canvas.ellipse((0.0, -86.0 + 14.0 * _smooth(z_mm / HEIGHT_MM, 0.7, 0.95)), (16.0, 5.5), SPONGY + 120)
    if z_mm > 0.72 * HEIGHT_MM:
        for side in (-1.0, 1.0):
            canvas.ellipse((side * 122.0, 52.0), (34.0, 5.0), BONE, turn_deg=side * -38.0)  # shoulder blades
    for rib in range(-3, 13):
        _draw_rib(canvas, way_down=(26.0 * rib - z_mm) / 95.0, dome=max(0.35, _dome(z_mm / HEIGHT_MM)))


def _draw_rib(canvas: _Canvas, way_down: float, dome: float) -> None:
    """A rib descends from the spine (0) to the front (1); each slice cuts it once on each side.

    It descends by 1 mm in 4.6 mm, so a rib that is 10 mm thick is cut over some 48 mm.
    """
    if 0.08 < way_down < 0.85:
        angle = math.pi * way_down
        across, deep = 79.0 + 60.0 * dome, 10.0 + 84.0 * dome
        for side in (-1.0, 1.0):
            centre = (side * across * math.sin(angle), deep * math.cos(angle) - 4.0)
            turn = side * math.degrees(math.atan2(deep * math.sin(angle), across * math.cos(angle)) * -1.0)
            canvas.ellipse(centre, (24.0, 4.5), BONE, turn)
            canvas.ellipse(centre, (21.0, 2.4), SPONGY, turn)


def _draw_ball(canvas: _Canvas, centre: Point, above_mm: float, radius: float, hu: float) -> None:
    around = math.sqrt(max(0.0, radius**2 - above_mm**2))
    canvas.ellipse(centre, (around, around), hu)


def _smooth(value: float, start: float, end: float) -> float:
    """A sine ramp from 0 at `start` to 1 at `end`, constant outside."""
    fraction = min(1.0, max(0.0, (value - start) / (end - start)))
    return math.sin(fraction * math.pi / 2)
