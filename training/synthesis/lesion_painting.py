"""Edits of a view: a painted lesion, or a neutral change without diagnostic meaning.

The idea is that of blended anomalies (Tan et al. 2020, foreign patch interpolation; Schlueter et al. 2022, natural
synthetic anomalies) and of lesions simulated on healthy lungs (Yao et al. 2021, label-free segmentation of COVID-19
lesions); code and shapes are our own. A classifier that learns from a slice with and without a lesion cannot separate
them by data set, scanner, position or sharpness. Slices of both classes get blended neutral changes, so the border of a
blended region is no cue either.
"""

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

import cv2
import numpy as np

from training.synthesis import dense_lesions, lucent_lesions
from training.synthesis.dense_lesions import Lesion
from training.synthesis.lung_context import Bytes, Floats, LungContext, TooLittleLung
from training.synthesis.shapes import Random, blob, blurred

Maker = TypeVar("Maker")

SECOND_LESION_PROBABILITY: Final = 0.25  # of a second lesion
NEUTRAL_CHANGE_PROBABILITY: Final = 0.4  # of a neutral change
MIN_AIR_CONTRAST: Final = 12.0  # grey levels; with less contrast between lung and air, emphysema would not be visible
LARGE_MASS_PROBABILITY: Final = 0.28
MIN_VISIBLE_GREY: Final = 6.0  # grey levels; below this, or this part of the contrast, a change is not seen
MIN_VISIBLE_CONTRAST: Final = 0.08
MIN_CHANGE: Final = 12.0  # sum of absolute changes, in pixels of the full contrast between lung and tissue

DENSE: Final[Sequence[tuple[Callable[[LungContext, Random], Lesion], float]]] = (
    (dense_lesions.nodules, 0.22),
    (dense_lesions.mass, 0.18),
    (dense_lesions.opacities, 0.26),
    (dense_lesions.pleural_effusion, 0.08),
    (dense_lesions.pleural_thickening, 0.05),
    (dense_lesions.parenchymal_bands, 0.06),
    (dense_lesions.micronodules, 0.09),
    (dense_lesions.bronchial_wall_thickening, 0.06),
)
LUCENT: Final[Sequence[tuple[Callable[[LungContext, Random], tuple[Lesion, ...]], float]]] = (
    (lucent_lesions.centrilobular_emphysema, 0.34),
    (lucent_lesions.paraseptal_emphysema, 0.18),
    (lucent_lesions.bullae, 0.12),
    (lucent_lesions.panlobular_emphysema, 0.18),
    (lucent_lesions.fibrosis, 0.18),
)
LUCENT_PROBABILITY: Final = 0.42


def with_lesion(view: Bytes, mask: Bytes, random: Random) -> Bytes:
    """The view uint8 [S, S] with one or two lesions in its lungs; raises TooLittleLung."""
    painted, _ = with_marked_lesion(view, mask, random, large_masses=0.0)
    return with_neutral_change(painted, mask, random)


def with_marked_lesion(
    view: Bytes, mask: Bytes, random: Random, large_masses: float = LARGE_MASS_PROBABILITY
) -> tuple[Bytes, Bytes]:
    """The view [S, S] with one or two lesions, and where they have changed it visibly: 255 there, 0 elsewhere.

    `large_masses` is the probability of a mass of 20 to 60 mm, wherever in the lungs. Raises TooLittleLung.
    """
    lungs = LungContext.of(view, mask)
    contrast = lungs.soft - lungs.lung
    for _ in range(8):
        large = large_masses > 0 and random.random() < large_masses
        grey = _with_large_mass(lungs, random) if large else _painted(lungs, random)
        if random.random() < SECOND_LESION_PROBABILITY:
            grey = _painted(LungContext.of(_bytes(grey), mask), random)
        if np.abs(grey - lungs.view).sum() > MIN_CHANGE * contrast:
            painted = _bytes(grey)
            change = blurred(np.abs(painted.astype(np.float32) - view), 1.2)
            visible = change > max(MIN_VISIBLE_GREY, MIN_VISIBLE_CONTRAST * contrast)
            return painted, visible.astype(np.uint8) * np.uint8(255)
    raise TooLittleLung


def with_neutral_change(view: Bytes, mask: Bytes, random: Random) -> Bytes:
    """The view unchanged, or with a blended neutral change: a part of it smoother, noisier or shifted by a pixel."""
    if random.random() > NEUTRAL_CHANGE_PROBABILITY:
        return view
    try:
        lungs = LungContext.of(view, mask)
    except TooLittleLung:
        return view
    side = len(view)
    where = blob(side, lungs.random_pixel(random), lungs.lung_radius * random.uniform(0.15, 0.8), 0.5, random, edge=3.0)
    change = random.integers(3)
    if change == 0:
        other = np.asarray(cv2.GaussianBlur(lungs.view, (0, 0), random.uniform(0.4, 1.1)), np.float32)
    elif change == 1:
        other = lungs.view + _grain(side, random) * np.float32(lungs.noise_sd * random.uniform(0.5, 1.5))
    else:
        other = np.roll(lungs.view, tuple(random.integers(-1, 2, 2)), (0, 1))
    return _bytes(lungs.view + where * (other - lungs.view))


def unchanged(view: Bytes, mask: Bytes, random: Random) -> Bytes:
    """The view without a change."""
    del mask, random
    return view


def _painted(lungs: LungContext, random: Random) -> Floats:
    if random.random() < LUCENT_PROBABILITY and lungs.lung - lungs.air > MIN_AIR_CONTRAST:
        lesions = _chosen(LUCENT, random)(lungs, random)
    else:
        lesions = (_chosen(DENSE, random)(lungs, random),)
    grey = lungs.view
    inside = blurred(lungs.mask.astype(np.float32), random.uniform(0.5, 0.9))
    for cover, level in lesions:
        texture = np.float32(level) + _grain(len(grey), random) * np.float32(lungs.noise_sd)
        grey = grey + cover * inside * (texture - grey)
    return grey


def _with_large_mass(lungs: LungContext, random: Random) -> Floats:
    """A mass of any place; half of them cover soft tissue beside the lung as well, so that no old pleura is left."""
    cover, level = dense_lesions.large_mass(lungs, random)
    inside = blurred(lungs.mask.astype(np.float32), 0.7)
    if random.random() < 0.5:
        soft = lungs.view > lungs.grey_between(0.5)
        inside = np.maximum(inside, soft.astype(np.float32) * np.float32(0.6))
    texture = np.float32(level) + _grain(len(cover), random) * np.float32(lungs.noise_sd)
    return np.asarray(lungs.view + cover * inside * (texture - lungs.view), np.float32)


def _chosen(kinds: Sequence[tuple[Maker, float]], random: Random) -> Maker:
    return kinds[int(random.choice(len(kinds), p=[share for _, share in kinds]))][0]


def _grain(side: int, random: Random) -> Floats:
    """Noise with the correlation length of a reconstruction kernel, of mean 0 and deviation 1."""
    noise_sd = blurred(random.standard_normal((side, side), np.float32), random.uniform(0.4, 0.9))
    return np.asarray(noise_sd / (noise_sd.std() + 1e-6), np.float32)


def _bytes(grey: Floats) -> Bytes:
    return np.asarray(np.clip(grey + 0.5, 0, 255), np.uint8)
