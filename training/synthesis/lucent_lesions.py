"""Lesions of destroyed lung: holes of emphysema with and without walls, a net of scars, honeycombs.

Each answers with how much of it covers each pixel and the grey level that it tends to, in the order of painting.
"""

import numpy as np

from training.synthesis.dense_lesions import Lesion
from training.synthesis.lung_context import Lungs
from training.synthesis.shapes import Random, blob, discs, smooth_noise, softened


def small_holes(lungs: Lungs, random: Random) -> tuple[Lesion, ...]:
    """Centrilobular emphysema: many dark holes without walls, here and there or everywhere."""
    side = len(lungs.view)
    count = int(np.clip(lungs.reach * lungs.reach * random.uniform(0.02, 0.12), 6, 160))
    largest = random.uniform(1.8, 2.0 + 0.1 * lungs.reach)
    places = [lungs.somewhere(random) for _ in range(count)]
    holes = discs(side, [*places], random.uniform(1.0, largest, count))
    where = np.ones_like(holes)
    if random.random() < 0.6:
        where = blob(side, lungs.somewhere(random), lungs.reach * random.uniform(0.7, 1.8), 0.6, random, edge=8.0)
    dark = random.uniform(0.6, 1.0)
    return ((softened(holes, random.uniform(0.5, 1.0)) * where * np.float32(dark), lungs.air),)


def rim_holes(lungs: Lungs, random: Random) -> tuple[Lesion, ...]:
    """Paraseptal emphysema: a row of holes along the pleura, with thin walls."""
    side = len(lungs.view)
    part = blob(side, lungs.somewhere(random, above=3.0), lungs.reach * random.uniform(0.6, 1.6), 0.4, random)
    count = int(random.integers(8, 30))
    places = [lungs.somewhere(random, 1.0, 2.0 + 0.12 * lungs.reach) for _ in range(count)]
    radii = random.uniform(1.8, 2.4 + 0.09 * lungs.reach, count)
    holes, walls = discs(side, [*places], radii), discs(side, [*places], radii, rim=1.0)
    return (
        (softened(holes, 0.5) * part * np.float32(random.uniform(0.7, 1.0)), lungs.air),
        (softened(walls, 0.5) * part * np.float32(random.uniform(0.3, 0.7)), lungs.between(0.45)),
    )


def bulla(lungs: Lungs, random: Random) -> tuple[Lesion, ...]:
    """One or two large dark bubbles with a thin wall."""
    side = len(lungs.view)
    inside, wall = np.zeros_like(lungs.view), np.zeros_like(lungs.view)
    for _ in range(random.integers(1, 3)):
        radius = lungs.reach * random.uniform(0.25, 0.7)
        bubble = blob(side, lungs.somewhere(random), radius, 0.2, random)
        wall = np.maximum(wall, np.clip(softened(bubble, 1.0) * (1 - bubble) * 4, 0, 1))
        inside = np.maximum(inside, bubble)
    return (inside * np.float32(random.uniform(0.8, 1.0)), lungs.air), (wall * np.float32(0.6), lungs.between(0.5))


def thinned(lungs: Lungs, random: Random) -> tuple[Lesion, ...]:
    """Panlobular emphysema: wide parts of the lung dark, their vessels few."""
    side = len(lungs.view)
    where = np.ones_like(lungs.view)
    if random.random() < 0.6:
        where = blob(side, lungs.somewhere(random), lungs.reach * random.uniform(0.6, 1.8), 0.6, random, edge=12.0)
    uneven = np.clip(0.75 + 0.35 * smooth_noise(side, random.uniform(4, 14), random), 0, 1)
    return ((where * uneven * np.float32(random.uniform(0.6, 0.95)), lungs.air),)


def net(lungs: Lungs, random: Random) -> tuple[Lesion, ...]:
    """Fibrosis: a net of fine lines below the pleura, over a haze; its meshes may be dark, as honeycombs are."""
    side = len(lungs.view)
    rim = np.clip((lungs.reach * random.uniform(0.25, 0.8) - lungs.depth) / 3 + 0.5, 0, 1)
    part = blob(side, lungs.somewhere(random), lungs.reach * random.uniform(0.6, 1.6), 0.6, random, edge=8.0)
    field = smooth_noise(side, random.uniform(2.0, 4.0), random)
    where = (rim * part * lungs.mask).astype(np.float32)
    lines = np.exp(-np.square(field / random.uniform(0.25, 0.5))).astype(np.float32) * where
    haze = where * np.float32(random.uniform(0.05, 0.25)), lungs.soft
    painted: tuple[Lesion, ...] = (haze, (lines * np.float32(random.uniform(0.4, 0.8)), lungs.between(0.75)))
    if random.random() < 0.4:
        meshes = np.clip(np.abs(field) - 0.8, 0, 1).astype(np.float32) * where
        painted = ((meshes, lungs.air), *painted)
    return painted
