"""Lesions of destroyed lung: emphysema with and without walls, fibrosis, honeycombing.

Each function returns layers in the order of painting: the opacity in each pixel (0 ... 1) and the grey level.
"""

import numpy as np

from training.synthesis.dense_lesions import Lesion
from training.synthesis.lung_context import LungContext
from training.synthesis.shapes import Random, blob, blurred, discs, smooth_noise


def centrilobular_emphysema(lungs: LungContext, random: Random) -> tuple[Lesion, ...]:
    """Many dark holes without walls, in a part of the lungs or everywhere."""
    side = len(lungs.view)
    count = int(np.clip(lungs.lung_radius * lungs.lung_radius * random.uniform(0.02, 0.12), 6, 160))
    largest = random.uniform(1.8, 2.0 + 0.1 * lungs.lung_radius)
    points = [lungs.random_pixel(random) for _ in range(count)]
    holes = discs(side, [*points], random.uniform(1.0, largest, count))
    where = np.ones_like(holes)
    if random.random() < 0.6:
        where = blob(
            side, lungs.random_pixel(random), lungs.lung_radius * random.uniform(0.7, 1.8), 0.6, random, edge=8.0
        )
    dark = random.uniform(0.6, 1.0)
    return ((blurred(holes, random.uniform(0.5, 1.0)) * where * np.float32(dark), lungs.air),)


def paraseptal_emphysema(lungs: LungContext, random: Random) -> tuple[Lesion, ...]:
    """A row of holes along the pleura, with thin walls."""
    side = len(lungs.view)
    part = blob(side, lungs.random_pixel(random, above=3.0), lungs.lung_radius * random.uniform(0.6, 1.6), 0.4, random)
    count = int(random.integers(8, 30))
    points = [lungs.random_pixel(random, 1.0, 2.0 + 0.12 * lungs.lung_radius) for _ in range(count)]
    radii = random.uniform(1.8, 2.4 + 0.09 * lungs.lung_radius, count)
    holes, walls = discs(side, [*points], radii), discs(side, [*points], radii, rim=1.0)
    return (
        (blurred(holes, 0.5) * part * np.float32(random.uniform(0.7, 1.0)), lungs.air),
        (blurred(walls, 0.5) * part * np.float32(random.uniform(0.3, 0.7)), lungs.grey_between(0.45)),
    )


def bullae(lungs: LungContext, random: Random) -> tuple[Lesion, ...]:
    """One or two large dark cavities with a thin wall."""
    side = len(lungs.view)
    inside, wall = np.zeros_like(lungs.view), np.zeros_like(lungs.view)
    for _ in range(random.integers(1, 3)):
        radius = lungs.lung_radius * random.uniform(0.25, 0.7)
        bubble = blob(side, lungs.random_pixel(random), radius, 0.2, random)
        wall = np.maximum(wall, np.clip(blurred(bubble, 1.0) * (1 - bubble) * 4, 0, 1))
        inside = np.maximum(inside, bubble)
    return (inside * np.float32(random.uniform(0.8, 1.0)), lungs.air), (wall * np.float32(0.6), lungs.grey_between(0.5))


def panlobular_emphysema(lungs: LungContext, random: Random) -> tuple[Lesion, ...]:
    """Large dark parts of the lung with few vessels."""
    side = len(lungs.view)
    where = np.ones_like(lungs.view)
    if random.random() < 0.6:
        where = blob(
            side, lungs.random_pixel(random), lungs.lung_radius * random.uniform(0.6, 1.8), 0.6, random, edge=12.0
        )
    uneven = np.clip(0.75 + 0.35 * smooth_noise(side, random.uniform(4, 14), random), 0, 1)
    return ((where * uneven * np.float32(random.uniform(0.6, 0.95)), lungs.air),)


def fibrosis(lungs: LungContext, random: Random) -> tuple[Lesion, ...]:
    """A reticular pattern of fine lines below the pleura, over ground glass, sometimes with honeycombing."""
    side = len(lungs.view)
    rim = np.clip((lungs.lung_radius * random.uniform(0.25, 0.8) - lungs.depth) / 3 + 0.5, 0, 1)
    part = blob(side, lungs.random_pixel(random), lungs.lung_radius * random.uniform(0.6, 1.6), 0.6, random, edge=8.0)
    field = smooth_noise(side, random.uniform(2.0, 4.0), random)
    where = (rim * part * lungs.mask).astype(np.float32)
    lines = np.exp(-np.square(field / random.uniform(0.25, 0.5))).astype(np.float32) * where
    haze = where * np.float32(random.uniform(0.05, 0.25)), lungs.soft
    painted: tuple[Lesion, ...] = (haze, (lines * np.float32(random.uniform(0.4, 0.8)), lungs.grey_between(0.75)))
    if random.random() < 0.4:
        meshes = np.clip(np.abs(field) - 0.8, 0, 1).astype(np.float32) * where
        painted = ((meshes, lungs.air), *painted)
    return painted
