"""Lesions that are denser than lung: nodules and masses, opacities, effusion, bands, thickened pleura and airways.

Each function returns the opacity of the lesion in each pixel (0 ... 1) and its grey level.
"""

import cv2
import numpy as np

from training.synthesis.lung_context import Floats, LungContext
from training.synthesis.shapes import Point, Random, blob, blurred, discs, smooth_noise

Lesion = tuple[Floats, float]


def nodules(lungs: LungContext, random: Random) -> Lesion:
    """One to three nodules, from 4 px across (5 mm in the crop of a study) to a tenth of a lung."""
    cover = np.zeros_like(lungs.view)
    for _ in range(random.integers(1, 4)):
        radius = float(np.exp(random.uniform(np.log(1.9), np.log(3.0 + 0.13 * lungs.lung_radius))))
        cover = np.maximum(cover, _solid(lungs, random, radius))
    return cover, lungs.grey_between(random.uniform(0.65, 1.05))


def scattered_nodules(lungs: LungContext, random: Random) -> Lesion:
    """Four to twelve nodules of 4 to 10 px, as of metastases: a view of many small lesions teaches more than of one."""
    cover = np.zeros_like(lungs.view)
    for _ in range(random.integers(4, 13)):
        cover = np.maximum(cover, _solid(lungs, random, float(np.exp(random.uniform(np.log(1.7), np.log(5.0))))))
    return cover, lungs.grey_between(random.uniform(0.6, 1.05))


def mass(lungs: LungContext, random: Random) -> Lesion:
    """One large solid lesion, at the pleura or not, often with spicules."""
    radius = lungs.lung_radius * float(np.exp(random.uniform(np.log(0.18), np.log(0.9))))
    return _solid(lungs, random, radius), lungs.grey_between(random.uniform(0.8, 1.05))


def large_mass(lungs: LungContext, random: Random) -> Lesion:
    """A mass of 20 to 60 mm, at a pixel of 1.2 mm: its size does not depend on how much lung the slice shows."""
    radius = float(np.exp(random.uniform(np.log(8.0), np.log(26.0))))
    place = random.random()
    if place < 0.35:
        centre = lungs.random_pixel(random)
    elif place < 0.65:
        centre = lungs.random_pixel(random, above=4.0)
    else:
        centre = lungs.random_pixel(random, below=0.6 * radius)
    cover = blob(len(lungs.view), centre, radius, random.uniform(0, 0.35), random, edge=random.uniform(1, 2.5))
    return cover, lungs.grey_between(random.uniform(0.75, 1.08))


def ground_glass(lungs: LungContext, random: Random) -> Lesion:
    """Patches in which vessels stay visible."""
    return _patches(lungs, random, random.uniform(0.22, 0.5))


def consolidation(lungs: LungContext, random: Random) -> Lesion:
    """Patches that hide the vessels."""
    return _patches(lungs, random, random.uniform(0.6, 0.95))


def pleural_effusion(lungs: LungContext, random: Random) -> Lesion:
    """A crescent of fluid in the dependent part of one side or both."""
    height = max(3, round(lungs.lung_radius * random.uniform(0.12, 0.6)))
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
    return blurred(cover, random.uniform(0.6, 1.2)), lungs.grey_between(random.uniform(0.8, 0.98))


def pleural_thickening(lungs: LungContext, random: Random) -> Lesion:
    """A layer along a part of the pleura."""
    rind = np.clip(random.uniform(2.0, 2.5 + 0.12 * lungs.lung_radius) - lungs.depth, 0, 1) * lungs.mask
    part = blob(
        len(rind), lungs.random_pixel(random, above=3.0), lungs.lung_radius * random.uniform(0.5, 1.3), 0.5, random
    )
    return blurred((rind * part).astype(np.float32), 0.6), lungs.grey_between(random.uniform(0.8, 1.0))


def parenchymal_bands(lungs: LungContext, random: Random) -> Lesion:
    """Linear atelectasis or scars: thick straight lines."""
    cover = np.zeros_like(lungs.view)
    for _ in range(random.integers(1, 4)):
        row, column = lungs.random_pixel(random, above=0.3 * lungs.lung_radius)
        angle, length = random.uniform(0, np.pi), lungs.lung_radius * random.uniform(0.4, 1.1)
        end = round(column + length * np.cos(angle)), round(row + length * np.sin(angle))
        cv2.line(cover, (column, row), end, 1.0, int(random.integers(1, 4)), cv2.LINE_AA)
    uneven = np.clip(0.7 + 0.5 * smooth_noise(len(cover), 4.0, random), 0, 1)
    return blurred(cover, 0.9) * uneven, lungs.grey_between(random.uniform(0.5, 0.95))


def micronodules(lungs: LungContext, random: Random) -> Lesion:
    """A cluster of small nodules, as in haematogenous or endobronchial spread."""
    count = int(random.integers(15, 60))
    points = _around(lungs, random, count, lungs.lung_radius * random.uniform(0.25, 0.7))
    dots = discs(len(lungs.view), points, random.uniform(0.8, 1.9, count))
    return blurred(dots, 0.5), lungs.grey_between(random.uniform(0.45, 0.9))


def bronchial_wall_thickening(lungs: LungContext, random: Random) -> Lesion:
    """Rings: walls of dilated airways. The lumen is left as it is, since lung is nearly as dark as air."""
    count = int(random.integers(3, 10))
    points = _around(lungs, random, count, lungs.lung_radius * random.uniform(0.2, 0.6))
    rings = discs(len(lungs.view), points, random.uniform(2.0, 4.5, count), rim=random.choice([1.0, 2.0]))
    return blurred(rings, 0.5), lungs.grey_between(random.uniform(0.5, 0.95))


def _patches(lungs: LungContext, random: Random, dense: float) -> Lesion:
    """One to four patches of this opacity, in the middle of the lungs or at the pleura."""
    side = len(lungs.view)
    cover = np.zeros_like(lungs.view)
    for _ in range(random.integers(1, 5)):
        centre = lungs.random_pixel(random, above=random.choice([0.25, 1.0]) * lungs.lung_radius)
        radius = lungs.lung_radius * random.uniform(0.18, 0.55)
        cover = np.maximum(cover, blob(side, centre, radius, 0.7, random, edge=radius * random.uniform(0.2, 0.7)))
    uneven = 0.75 + 0.25 * np.tanh(smooth_noise(side, random.uniform(3, 9), random))
    return (cover * uneven * dense).astype(np.float32), lungs.grey_between(random.uniform(0.9, 1.05))


def _solid(lungs: LungContext, random: Random, radius: float) -> Floats:
    centre = lungs.random_pixel(random, below=random.choice([0.0, 0.5, 1.0]) * radius)
    side = len(lungs.view)
    cover = blob(side, centre, radius, random.uniform(0.1, 0.5), random, edge=random.uniform(1.0, 2.0))
    if radius > 3 and random.random() < 0.5:
        spicules = np.zeros_like(cover)
        for angle in random.uniform(0, 2 * np.pi, random.integers(5, 14)):
            length = radius * random.uniform(1.2, 2.0)
            end = round(centre[1] + length * np.cos(angle)), round(centre[0] + length * np.sin(angle))
            cv2.line(spicules, (centre[1], centre[0]), end, float(random.uniform(0.4, 0.9)), 1, cv2.LINE_AA)
        cover = np.maximum(cover, blurred(spicules, 0.6))
    return cover


def _around(lungs: LungContext, random: Random, count: int, spread: float) -> list[Point]:
    row, column = lungs.random_pixel(random)
    offsets = random.normal(0, spread, (count, 2))
    return [(row + down, column + right) for down, right in offsets]
