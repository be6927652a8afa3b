"""Lesions that are denser than lung: nodules and masses, opacities, fluid, bands, thickened pleura and airways.

Each answers with how much of it covers each pixel (0 ... 1) and the grey level that it tends to.
"""

import cv2
import numpy as np

from training.synthesis.lung_context import Floats, Lungs
from training.synthesis.shapes import Place, Random, blob, discs, smooth_noise, softened

Lesion = tuple[Floats, float]


def nodules(lungs: Lungs, random: Random) -> Lesion:
    """One to three nodules of 4 to 12 px across."""
    cover = np.zeros_like(lungs.view)
    for _ in range(random.integers(1, 4)):
        radius = float(np.exp(random.uniform(np.log(2.4), np.log(3.0 + 0.13 * lungs.reach))))
        cover = np.maximum(cover, _solid(lungs, random, radius))
    return cover, lungs.between(random.uniform(0.65, 1.05))


def mass(lungs: Lungs, random: Random) -> Lesion:
    """One large solid lesion, at the pleura or not, often with spicules."""
    radius = lungs.reach * float(np.exp(random.uniform(np.log(0.18), np.log(0.9))))
    return _solid(lungs, random, radius), lungs.between(random.uniform(0.8, 1.05))


def opacity(lungs: Lungs, random: Random) -> Lesion:
    """Ground glass or consolidation in patches; what is thin lets vessels shine through."""
    side = len(lungs.view)
    cover = np.zeros_like(lungs.view)
    for _ in range(random.integers(1, 5)):
        centre = lungs.somewhere(random, above=random.choice([0.25, 1.0]) * lungs.reach)
        radius = lungs.reach * random.uniform(0.18, 0.55)
        cover = np.maximum(cover, blob(side, centre, radius, 0.7, random, edge=radius * random.uniform(0.2, 0.7)))
    uneven = 0.75 + 0.25 * np.tanh(smooth_noise(side, random.uniform(3, 9), random))
    dense = random.uniform(0.22, 0.5) if random.random() < 0.6 else random.uniform(0.6, 0.95)
    return (cover * uneven * dense).astype(np.float32), lungs.between(random.uniform(0.9, 1.05))


def fluid(lungs: Lungs, random: Random) -> Lesion:
    """A crescent that fills the dependent part of one side or of both."""
    height = max(3, round(lungs.reach * random.uniform(0.12, 0.6)))
    lowest = np.zeros_like(lungs.mask)
    lowest[:-height] = lungs.mask[height:]
    cover = (lungs.mask & ~lowest).astype(np.float32)
    middle = len(cover) // 2
    keep = random.integers(3)
    if keep < 2:
        cover[:, middle:] *= keep
        cover[:, :middle] *= 1 - keep
    rows = np.argwhere(lungs.mask)[:, 0]
    cover[: int(np.percentile(rows, 55))] = 0
    return softened(cover, random.uniform(0.6, 1.2)), lungs.between(random.uniform(0.8, 0.98))


def thick_pleura(lungs: Lungs, random: Random) -> Lesion:
    """A rind along a part of the pleura."""
    rind = np.clip(random.uniform(2.0, 2.5 + 0.12 * lungs.reach) - lungs.depth, 0, 1) * lungs.mask
    part = blob(len(rind), lungs.somewhere(random, above=3.0), lungs.reach * random.uniform(0.5, 1.3), 0.5, random)
    return softened((rind * part).astype(np.float32), 0.6), lungs.between(random.uniform(0.8, 1.0))


def bands(lungs: Lungs, random: Random) -> Lesion:
    """Plates of collapsed lung or scars: thick straight strokes."""
    cover = np.zeros_like(lungs.view)
    for _ in range(random.integers(1, 4)):
        row, column = lungs.somewhere(random, above=0.3 * lungs.reach)
        angle, length = random.uniform(0, np.pi), lungs.reach * random.uniform(0.4, 1.1)
        end = round(column + length * np.cos(angle)), round(row + length * np.sin(angle))
        cv2.line(cover, (column, row), end, 1.0, int(random.integers(1, 4)), cv2.LINE_AA)
    uneven = np.clip(0.7 + 0.5 * smooth_noise(len(cover), 4.0, random), 0, 1)
    return softened(cover, 0.9) * uneven, lungs.between(random.uniform(0.5, 0.95))


def small_dots(lungs: Lungs, random: Random) -> Lesion:
    """A cluster of small nodules, as spread by blood or through airways."""
    count = int(random.integers(15, 60))
    places = _around(lungs, random, count, lungs.reach * random.uniform(0.25, 0.7))
    dots = discs(len(lungs.view), places, random.uniform(0.8, 1.9, count))
    return softened(dots, 0.5), lungs.between(random.uniform(0.45, 0.9))


def thick_airways(lungs: Lungs, random: Random) -> Lesion:
    """Rings: walls of widened airways. (Their lumen is air, as lung nearly is.)"""
    count = int(random.integers(3, 10))
    places = _around(lungs, random, count, lungs.reach * random.uniform(0.2, 0.6))
    rings = discs(len(lungs.view), places, random.uniform(2.0, 4.5, count), rim=random.choice([1.0, 2.0]))
    return softened(rings, 0.5), lungs.between(random.uniform(0.5, 0.95))


def _solid(lungs: Lungs, random: Random, radius: float) -> Floats:
    centre = lungs.somewhere(random, below=random.choice([0.0, 0.5, 1.0]) * radius)
    side = len(lungs.view)
    cover = blob(side, centre, radius, random.uniform(0.1, 0.5), random, edge=random.uniform(1.0, 2.0))
    if radius > 3 and random.random() < 0.5:
        spicules = np.zeros_like(cover)
        for angle in random.uniform(0, 2 * np.pi, random.integers(5, 14)):
            length = radius * random.uniform(1.2, 2.0)
            end = round(centre[1] + length * np.cos(angle)), round(centre[0] + length * np.sin(angle))
            cv2.line(spicules, (centre[1], centre[0]), end, float(random.uniform(0.4, 0.9)), 1, cv2.LINE_AA)
        cover = np.maximum(cover, softened(spicules, 0.6))
    return cover


def _around(lungs: Lungs, random: Random, count: int, spread: float) -> list[Place]:
    row, column = lungs.somewhere(random)
    offsets = random.normal(0, spread, (count, 2))
    return [(row + down, column + right) for down, right in offsets]
