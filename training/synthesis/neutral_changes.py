"""Changes of a view without diagnostic meaning: what makes networks call normal lungs pathological.

Slices of both classes get them, with and without a painted lesion, so none is a cue. Blended changes of texture take
from the border of a painted region any meaning; vessels, fissures, dependent density, motion, streaks and short thin
scars are what the networks before took for disease.
"""

from collections.abc import Callable, Sequence
from typing import Final

import cv2
import numpy as np

from training.synthesis.lung_context import Bytes, Floats, LungContext, TooLittleLung
from training.synthesis.shapes import Random, blob, blurred, discs, grain, smooth_noise

PROBABILITY: Final = 0.5


def with_neutral_change(view: Bytes, mask: Bytes, random: Random) -> Bytes:
    """The view uint8 [S, S] unchanged, or with one neutral change; `mask` is that of the lungs."""
    if random.random() > PROBABILITY:
        return view
    try:
        lungs = LungContext.of(view, mask)
    except TooLittleLung:
        return view
    kind = KINDS[int(random.choice(len(KINDS), p=[share for _, share in KINDS]))][0]
    return np.asarray(np.clip(kind(lungs, random) + 0.5, 0, 255), np.uint8)


def texture(lungs: LungContext, random: Random) -> Floats:
    """A part of the view smoother, noisier or shifted by a pixel."""
    side = len(lungs.view)
    where = blob(side, lungs.random_pixel(random), lungs.lung_radius * random.uniform(0.15, 0.8), 0.5, random, edge=3.0)
    change = random.integers(3)
    if change == 0:
        other = blurred(lungs.view, random.uniform(0.4, 1.1))
    elif change == 1:
        other = lungs.view + grain(side, random) * np.float32(lungs.noise_sd * random.uniform(0.5, 1.5))
    else:
        other = np.roll(lungs.view, tuple(random.integers(-1, 2, 2)), (0, 1))
    return np.asarray(lungs.view + where * (other - lungs.view), np.float32)


def vessels(lungs: LungContext, random: Random) -> Floats:
    """One to four vessels that bend and taper, and some that are cut across: dots of up to 2 mm radius."""
    cover = np.zeros_like(lungs.view)
    for _ in range(random.integers(1, 5)):
        _draw_vessel(cover, lungs, random, random.uniform(0.8, 2.2), lungs.lung_radius * random.uniform(0.3, 0.9))
    dots = [lungs.random_pixel(random, above=0.6 * lungs.lung_radius) for _ in range(random.integers(0, 6))]
    if dots:
        cover = np.maximum(cover, discs(len(cover), list(dots), random.uniform(0.6, 1.3, len(dots))))
    return _denser(lungs, blurred(cover, 0.6), random.uniform(0.7, 1.05))


def fissure(lungs: LungContext, random: Random) -> Floats:
    """A thin curved line through a lung."""
    cover = np.zeros_like(lungs.view)
    row, column = lungs.random_pixel(random)
    reach, bend, angle = lungs.lung_radius * random.uniform(0.5, 1.3), random.normal(0, 0.25), random.uniform(0, np.pi)
    along = np.linspace(-reach, reach, 24)
    across = bend * along**2 / reach
    points = np.stack(
        [
            column + along * np.cos(angle) - across * np.sin(angle),
            row + along * np.sin(angle) + across * np.cos(angle),
        ],
        axis=1,
    )
    cv2.polylines(
        cover, [np.rint(points * 16).astype(np.int32)], isClosed=False, color=1.0, lineType=cv2.LINE_AA, shift=4
    )
    return _denser(lungs, blurred(cover, random.uniform(0.5, 1.0)) * np.float32(random.uniform(0.3, 0.8)), 0.8)


def dependent_density(lungs: LungContext, random: Random) -> Floats:
    """The lung is denser towards the back, without an edge."""
    rows = np.arange(len(lungs.view), dtype=np.float32)[:, np.newaxis]
    low, high = np.percentile(lungs.points[:, 0], (1, 99))
    rise = np.clip((rows - high) / (high - low + 1) / random.uniform(0.15, 0.4) + 1, 0, 1) ** 2
    uneven = np.clip(1 + 0.3 * smooth_noise(len(lungs.view), random.uniform(8, 24), random), 0, 2)
    return _denser(lungs, (rise * uneven * random.uniform(0.05, 0.22)).astype(np.float32), 1.0)


def motion(lungs: LungContext, random: Random) -> Floats:
    """Contours are double, as where the heart or the diaphragm moved during the rotation."""
    side = len(lungs.view)
    centre = lungs.random_pixel(random, above=0.3 * lungs.lung_radius)
    where = blob(side, centre, lungs.lung_radius * random.uniform(0.4, 1.2), 0.4, random, edge=6.0)
    step = np.array([[1, 0, random.normal(0, 2.5)], [0, 1, random.normal(0, 2.5)]], np.float32)
    moved = cv2.warpAffine(lungs.view, step, (side, side), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(lungs.view + where * np.float32(random.uniform(0.3, 0.6)) * (moved - lungs.view), np.float32)


def streaks(lungs: LungContext, random: Random) -> Floats:
    """Noise drawn out sideways in some rows, as between the shoulders (photon starvation) or beside dense contrast."""
    side = len(lungs.view)
    noise = random.standard_normal((side, side), np.float32)
    drawn = cv2.GaussianBlur(noise, (0, 0), sigmaX=random.uniform(4, 20), sigmaY=random.uniform(0.4, 0.9))
    drawn = drawn / (drawn.std() + 1e-6) * np.float32(random.uniform(0.04, 0.15) * (lungs.soft - lungs.lung))
    turn = cv2.getRotationMatrix2D((side / 2, side / 2), random.normal(0, 12), 1.0)
    drawn = cv2.warpAffine(np.asarray(drawn), turn, (side, side), borderMode=cv2.BORDER_REFLECT)
    centre, reach = random.choice(lungs.points[:, 0]), side * random.uniform(0.08, 0.5)
    rows = np.exp(-(((np.arange(side, dtype=np.float32) - centre) / reach) ** 2))[:, np.newaxis]
    return np.asarray(lungs.view + rows * drawn, np.float32)


def scars(lungs: LungContext, random: Random) -> Floats:
    """One to three short thin lines under the pleura."""
    cover = np.zeros_like(lungs.view)
    for _ in range(random.integers(1, 4)):
        row, column = lungs.random_pixel(random, above=0.2 * lungs.lung_radius)
        angle, length = random.uniform(0, 2 * np.pi), lungs.lung_radius * random.uniform(0.06, 0.22)
        end = round(column + length * np.cos(angle)), round(row + length * np.sin(angle))
        cv2.line(cover, (column, row), end, 1.0, 1, cv2.LINE_AA)
    return _denser(lungs, blurred(cover, 0.6) * np.float32(random.uniform(0.4, 0.9)), 0.7)


KINDS: Final[Sequence[tuple[Callable[[LungContext, Random], Floats], float]]] = (
    (texture, 0.38),
    (vessels, 0.17),
    (streaks, 0.13),
    (motion, 0.10),
    (dependent_density, 0.09),
    (fissure, 0.08),
    (scars, 0.05),
)


def _draw_vessel(cover: Floats, lungs: LungContext, random: Random, width: float, length: float) -> None:
    row, column = lungs.random_pixel(random)
    angle, steps = random.uniform(0, 2 * np.pi), max(3, int(length / 3))
    for step in range(steps):
        thickness = width * (1 - 0.7 * step / steps)
        end_row, end_column = row + 3 * np.sin(angle), column + 3 * np.cos(angle)
        start, end = (round(column * 16), round(row * 16)), (round(end_column * 16), round(end_row * 16))
        cv2.line(cover, start, end, 1.0, max(1, round(thickness)), cv2.LINE_AA, shift=4)
        row, column, angle = end_row, end_column, angle + random.normal(0, 0.22)


def _denser(lungs: LungContext, cover: Floats, fraction: float) -> Floats:
    """Lung towards the grey level at this fraction between lung and soft tissue; what is denser already stays."""
    inside = blurred(lungs.mask.astype(np.float32), 0.7)
    rise = np.maximum(np.float32(lungs.grey_between(fraction)) - lungs.view, 0)
    return np.asarray(lungs.view + np.minimum(cover, 1) * inside * rise, np.float32)
