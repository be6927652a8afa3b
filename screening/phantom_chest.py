"""A synthetic chest in HU: ellipsoids, tubes and noise, in patient coordinates (mm; x to the left, y back, z up).

It is not symmetric: heart, aorta and stomach gas lie on the patient's left, the liver and its higher dome on the right,
so that a flipped or mirrored picture shows. Densities are textbook means. It looks like a chest to a lung mask and to a
person in passing; it is no phantom of any dose or resolution.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

AIR_HU, LUNG_HU, FAT_HU, WATER_HU, MUSCLE_HU, BLOOD_HU, LIVER_HU, BONE_HU = -1000, -860, -95, 12, 45, 50, 60, 420
NOISE_SD_HU = 60.0  # before the kernel smooths it to about 20
FIELD_MM = 360.0
HEIGHT_MM = 320.0
CARINA_Z_MM = 45.0
VESSELS = 220  # a slice through the hila then shows some hundred, as a real one does

Point = tuple[float, float, float]
Plane = NDArray[np.float32]


@dataclass(frozen=True)
class Chest:
    """Which chest: the seed places vessels and noise; the nodule is in the right lung, the effusion in the left."""

    seed: int = 0
    nodule: bool = True
    effusion: bool = False


@dataclass(frozen=True)
class _Slice:
    """The coordinates of one axial slice, and the HU painted so far."""

    x: Plane
    y: Plane
    z: float
    hu: Plane

    def paint(self, where: NDArray[np.bool_], hu: float) -> None:
        self.hu[where] = hu

    def ellipsoid(self, centre: Point, radii: Point) -> NDArray[np.bool_]:
        x, y, z = centre
        along_x, along_y, along_z = radii
        across = ((self.x - x) / along_x) ** 2 + ((self.y - y) / along_y) ** 2
        return np.asarray(across <= 1.0 - ((self.z - z) / along_z) ** 2)

    def tube(self, x: float, y: float, radius: float) -> NDArray[np.bool_]:
        return (self.x - x) ** 2 + (self.y - y) ** 2 <= radius**2


def chest_hu(chest: Chest, slices: int, size: int) -> NDArray[np.int16]:
    """The chest [slices, size, size] in HU, from the lowest slice up; the same bytes for the same arguments."""
    vessels = _vessels(np.random.default_rng(chest.seed))
    centre = (np.arange(size, dtype=np.float32) - (size - 1) / 2) * np.float32(FIELD_MM / size)
    x, y = np.meshgrid(centre, centre)
    heights = slice_heights_mm(slices)
    painted = (_painted(_Slice(x, y, z, np.full_like(x, AIR_HU)), chest, vessels, heights) for z in heights)
    noisy = [hu + _noise(chest.seed, number, size) for number, hu in enumerate(painted)]
    return np.clip(np.rint(np.stack(noisy)), -1024, 3071).astype(np.int16)


def slice_heights_mm(slices: int) -> NDArray[np.float64]:
    """z of each slice."""
    return np.asarray((np.arange(slices) - (slices - 1) / 2) * (HEIGHT_MM / slices), np.float64)


def _painted(slice_: _Slice, chest: Chest, vessels: NDArray[np.float64], heights: NDArray[np.float64]) -> Plane:
    """Paint from the outside in; what comes later lies on top."""
    _body(slice_)
    lung = _lungs(slice_)
    _vessels_near(slice_, lung, vessels, float(heights[1] - heights[0]))
    _mediastinum(slice_)
    _airways(slice_)
    _bones(slice_)
    if chest.effusion:
        slice_.paint(lung & (slice_.x > 0) & (slice_.y > 62 + 0.35 * slice_.z) & (slice_.z < 20), WATER_HU)
    if chest.nodule:
        slice_.paint(lung & slice_.ellipsoid((-85.0, 5.0, 40.0), (13.0, 13.0, 13.0)), MUSCLE_HU)
    return slice_.hu


def _body(slice_: _Slice) -> None:
    narrowing = 1.0 - 0.25 * max(0.0, slice_.z - 90.0) / 70.0  # shoulders are left out, the neck begins
    outside = (slice_.x / (168 * narrowing)) ** 2 + (slice_.y / 118) ** 2
    slice_.paint(outside <= 1.0, FAT_HU)
    slice_.paint(outside <= 0.82, MUSCLE_HU)
    slice_.paint((np.abs(slice_.y - 135 + 0.0008 * slice_.x**2) < 2) & (np.abs(slice_.x) < 170), -300)  # the table


def _lungs(slice_: _Slice) -> NDArray[np.bool_]:
    right = slice_.ellipsoid((-72.0, 8.0, 5.0), (62.0, 84.0, 130.0)) & (slice_.x < -14)
    left = slice_.ellipsoid((76.0, 8.0, 5.0), (56.0, 84.0, 130.0)) & (slice_.x > 16)
    liver = slice_.ellipsoid((-60.0, 0.0, -165.0), (105.0, 105.0, 105.0))
    spleen = slice_.ellipsoid((85.0, 20.0, -185.0), (75.0, 95.0, 100.0))
    lung = (right & ~liver) | (left & ~spleen)
    slice_.paint((liver | spleen) & (slice_.hu > FAT_HU), LIVER_HU)
    slice_.paint(
        slice_.ellipsoid((60.0, -45.0, -130.0), (32.0, 28.0, 24.0)) & ~lung & (slice_.hu > FAT_HU), AIR_HU
    )  # stomach gas
    slice_.hu[lung] = LUNG_HU + 0.5 * slice_.y[lung]  # blood sinks to the back of one who lies on it
    return lung


def _mediastinum(slice_: _Slice) -> None:
    slice_.paint(slice_.ellipsoid((3.0, 0.0, 20.0), (36.0, 62.0, 150.0)), MUSCLE_HU)
    slice_.paint(slice_.ellipsoid((0.0, -62.0, 30.0), (22.0, 20.0, 110.0)), FAT_HU)
    slice_.paint(slice_.ellipsoid((34.0, -22.0, -48.0), (60.0, 52.0, 52.0)), BLOOD_HU)
    if slice_.z < 60:
        slice_.paint(slice_.tube(26.0, 48.0, 13.0), BLOOD_HU)  # descending aorta
    slice_.paint(slice_.ellipsoid((8.0, 10.0, 60.0), (22.0, 45.0, 13.0)), BLOOD_HU)  # arch


def _airways(slice_: _Slice) -> None:
    below = max(0.0, CARINA_Z_MM - slice_.z)
    if below == 0.0:
        slice_.paint(slice_.tube(0.0, 18.0, 9.0), AIR_HU)
    elif below < 50.0:
        slice_.paint(slice_.tube(-7.0 - 0.75 * below, 18.0, 7.0), AIR_HU)
        slice_.paint(slice_.tube(7.0 + 0.95 * below, 18.0, 6.0), AIR_HU)


def _bones(slice_: _Slice) -> None:
    disc = (slice_.z % 26.0) < 6.0
    slice_.paint(slice_.ellipsoid((0.0, 78.0, slice_.z), (21.0, 17.0, 1.0)), MUSCLE_HU + 40 if disc else BONE_HU - 180)
    slice_.paint(slice_.ellipsoid((0.0, 104.0, slice_.z), (5.0, 12.0, 1.0)), BONE_HU)
    slice_.paint(slice_.ellipsoid((0.0, -92.0, 20.0), (16.0, 6.0, 75.0)), BONE_HU - 150)
    wall = (slice_.x / 142) ** 2 + (slice_.y / 99) ** 2
    slope = (slice_.z - 0.35 * slice_.y) % 24.0  # ribs fall to the front
    slice_.paint((np.abs(wall - 1.0) < 0.05) & (slope < 9.0) & (np.abs(slice_.x) > 30) & (slice_.hu >= FAT_HU), BONE_HU)


def _vessels(rng: np.random.Generator) -> NDArray[np.float64]:
    """Points (x, y, z, radius) of vessels that run from the hila outwards, thinner and thinner."""
    points = []
    for _ in range(VESSELS):
        side = rng.choice((-1.0, 1.0))
        direction = rng.normal(size=3) * (1.0, 1.0, 1.4) + (1.1 * side, 0.0, 0.0)
        direction /= np.linalg.norm(direction)
        steps = np.arange(0.0, rng.uniform(60.0, 115.0), 1.0)
        bend = np.outer(np.sin(steps / rng.uniform(15.0, 40.0)), rng.normal(size=3) * 5.0)
        at = np.outer(steps, direction) + bend + np.array((30.0 * side, 10.0, 20.0))
        points.append(np.column_stack([at, np.maximum(0.7, rng.uniform(2.5, 4.5) * (1 - steps / 115.0))]))
    return np.concatenate(points)


def _vessels_near(slice_: _Slice, lung: NDArray[np.bool_], vessels: NDArray[np.float64], step_mm: float) -> None:
    mm_per_pixel = FIELD_MM / len(slice_.hu)
    drawn = np.zeros(slice_.hu.shape, np.uint8)
    for x, y, _, radius in vessels[np.abs(vessels[:, 2] - slice_.z) <= step_mm / 2]:
        column, row = (round((at + FIELD_MM / 2) / mm_per_pixel - 0.5) for at in (x, y))
        cv2.circle(drawn, (column, row), max(1, round(radius / mm_per_pixel)), 1, cv2.FILLED)
    slice_.paint(lung & (drawn > 0), BLOOD_HU - 15)


def _noise(seed: int, number: int, size: int) -> Plane:
    white = np.random.default_rng((seed, number)).normal(0.0, NOISE_SD_HU, (size, size)).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(white, (0, 0), 0.9), np.float32)
