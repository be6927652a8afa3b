"""Edits of a view: painted lesions.

The idea is that of blended anomalies (Tan et al. 2020, foreign patch interpolation; Schlueter et al. 2022, natural
synthetic anomalies) and of lesions simulated on healthy lungs (Yao et al. 2021, label-free segmentation of COVID-19
lesions); code and shapes are our own. A classifier that learns from a slice with and without a lesion cannot separate
them by data set, scanner, position or sharpness. Slices of both classes get neutral changes (`neutral_changes`) too.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from training.synthesis import dense_lesions
from training.synthesis.lesion_kinds import DENSE, LUCENT, LesionKind
from training.synthesis.lung_context import Bytes, Floats, LungContext, TooLittleLung
from training.synthesis.neutral_changes import with_neutral_change
from training.synthesis.shapes import Random, blurred, grain

SECOND_LESION_PROBABILITY: Final = 0.25  # of a second lesion
MIN_AIR_CONTRAST: Final = 12.0  # grey levels; with less contrast between lung and air, emphysema would not be visible
LARGE_MASS_PROBABILITY: Final = 0.28
MIN_VISIBLE_GREY: Final = 6.0  # grey levels; below this, or this part of the contrast, a change is not seen
MIN_VISIBLE_CONTRAST: Final = 0.08
MIN_CHANGE: Final = 8.0  # sum of absolute changes, in pixels of the full contrast between lung and tissue
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
            return _marked(view, grey, contrast)
    raise TooLittleLung


def with_lesion_of(kind: LesionKind, view: Bytes, mask: Bytes, random: Random) -> tuple[Bytes, Bytes]:
    """The view [S, S] with one lesion of this kind, and where it has changed it visibly, as `with_marked_lesion`."""
    lungs = LungContext.of(view, mask)
    contrast = lungs.soft - lungs.lung
    if kind in LUCENT and lungs.lung - lungs.air <= MIN_AIR_CONTRAST:
        raise TooLittleLung
    for _ in range(8):
        grey = _with_layers(lungs, kind, random)
        if np.abs(grey - lungs.view).sum() > MIN_CHANGE * contrast:
            return _marked(view, grey, contrast)
    raise TooLittleLung


def unchanged(view: Bytes, mask: Bytes, random: Random) -> Bytes:
    """The view without a change."""
    del mask, random
    return view


def _painted(lungs: LungContext, random: Random) -> Floats:
    lucent = random.random() < LUCENT_PROBABILITY and lungs.lung - lungs.air > MIN_AIR_CONTRAST
    return _with_layers(lungs, _chosen(LUCENT if lucent else DENSE, random), random)


def _with_layers(lungs: LungContext, kind: LesionKind, random: Random) -> Floats:
    lesions = kind.paint(lungs, random)
    grey = lungs.view
    inside = blurred(lungs.mask.astype(np.float32), random.uniform(0.5, 0.9))
    for cover, level in lesions:
        texture = np.float32(level) + grain(len(grey), random) * np.float32(lungs.noise_sd)
        grey = grey + cover * inside * (texture - grey)
    return grey


def _marked(view: Bytes, grey: Floats, contrast: float) -> tuple[Bytes, Bytes]:
    painted = _bytes(grey)
    change = blurred(np.abs(painted.astype(np.float32) - view), 1.2)
    visible = change > max(MIN_VISIBLE_GREY, MIN_VISIBLE_CONTRAST * contrast)
    return painted, visible.astype(np.uint8) * np.uint8(255)


def _with_large_mass(lungs: LungContext, random: Random) -> Floats:
    """A mass of any place; half of them cover soft tissue beside the lung as well, so that no old pleura is left."""
    cover, level = dense_lesions.large_mass(lungs, random)
    inside = blurred(lungs.mask.astype(np.float32), 0.7)
    if random.random() < 0.5:
        soft = lungs.view > lungs.grey_between(0.5)
        inside = np.maximum(inside, soft.astype(np.float32) * np.float32(0.6))
    texture = np.float32(level) + grain(len(cover), random) * np.float32(lungs.noise_sd)
    return np.asarray(lungs.view + cover * inside * (texture - lungs.view), np.float32)


def _chosen(kinds: Sequence[LesionKind], random: Random) -> LesionKind:
    return kinds[int(random.choice(len(kinds), p=[kind.share for kind in kinds]))]


def _bytes(grey: Floats) -> Bytes:
    return np.asarray(np.clip(grey + 0.5, 0, 255), np.uint8)
