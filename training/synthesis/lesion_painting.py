"""Edits of a view: a lesion painted into it, or a change that means nothing.

After the idea of anomalies made by blending (Tan et al. 2020, foreign patch interpolation; Schlueter et al. 2022,
natural synthetic anomalies) and of lesions simulated on healthy lungs (Yao et al. 2021, label-free segmentation of
COVID-19 lesions by learning to undo synthetic ones). Own code and own shapes. A classifier that is shown a slice with
and without a lesion cannot tell them apart by data set, scanner, position or sharpness; and since slices of both
classes get blended changes that mean nothing, a seam tells it nothing either.
"""

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

import cv2
import numpy as np

from training.synthesis import dense_lesions, lucent_lesions
from training.synthesis.dense_lesions import Lesion
from training.synthesis.lung_context import Bytes, Floats, Lungs, NoRoom
from training.synthesis.shapes import Random, blob, softened

Maker = TypeVar("Maker")

SECOND: Final = 0.25  # chance of a second lesion of another kind
NULL: Final = 0.4  # chance of a change that means nothing
VISIBLE: Final = 12.0  # grey levels, the least contrast of lung with air for holes to be seen
LEAST_CHANGE: Final = 12.0  # pixels' worth of the contrast between lung and tissue

DENSE: Final[Sequence[tuple[Callable[[Lungs, Random], Lesion], float]]] = (
    (dense_lesions.nodules, 0.22),
    (dense_lesions.mass, 0.18),
    (dense_lesions.opacity, 0.26),
    (dense_lesions.fluid, 0.08),
    (dense_lesions.thick_pleura, 0.05),
    (dense_lesions.bands, 0.06),
    (dense_lesions.small_dots, 0.09),
    (dense_lesions.thick_airways, 0.06),
)
DESTROYED: Final[Sequence[tuple[Callable[[Lungs, Random], tuple[Lesion, ...]], float]]] = (
    (lucent_lesions.small_holes, 0.34),
    (lucent_lesions.rim_holes, 0.18),
    (lucent_lesions.bulla, 0.12),
    (lucent_lesions.thinned, 0.18),
    (lucent_lesions.net, 0.18),
)
DESTROYED_SHARE: Final = 0.42


def with_lesion(view: Bytes, mask: Bytes, random: Random) -> Bytes:
    """The view uint8 [S, S] with one or two lesions in its lungs; raises NoRoom where it shows too little lung."""
    lungs = Lungs.of(view, mask)
    for _ in range(8):
        grey = _painted(lungs, random)
        if random.random() < SECOND:
            grey = _painted(Lungs.of(_bytes(grey), mask), random)
        if np.abs(grey - lungs.view).sum() > LEAST_CHANGE * (lungs.soft - lungs.lung):
            return untouched_or_null(_bytes(grey), mask, random)
    raise NoRoom


def untouched_or_null(view: Bytes, mask: Bytes, random: Random) -> Bytes:
    """The view as it is, or with a blended change that means nothing: part of it smoother, noisier or shifted."""
    if random.random() > NULL:
        return view
    try:
        lungs = Lungs.of(view, mask)
    except NoRoom:
        return view
    side = len(view)
    where = blob(side, lungs.somewhere(random), lungs.reach * random.uniform(0.15, 0.8), 0.5, random, edge=3.0)
    change = random.integers(3)
    if change == 0:
        other = np.asarray(cv2.GaussianBlur(lungs.view, (0, 0), random.uniform(0.4, 1.1)), np.float32)
    elif change == 1:
        other = lungs.view + _grain(side, random) * np.float32(lungs.grain * random.uniform(0.5, 1.5))
    else:
        other = np.roll(lungs.view, tuple(random.integers(-1, 2, 2)), (0, 1))
    return _bytes(lungs.view + where * (other - lungs.view))


def nothing(view: Bytes, mask: Bytes, random: Random) -> Bytes:
    """No change at all."""
    del mask, random
    return view


def _painted(lungs: Lungs, random: Random) -> Floats:
    if random.random() < DESTROYED_SHARE and lungs.lung - lungs.air > VISIBLE:
        lesions = _chosen(DESTROYED, random)(lungs, random)
    else:
        lesions = (_chosen(DENSE, random)(lungs, random),)
    grey = lungs.view
    inside = softened(lungs.mask.astype(np.float32), random.uniform(0.5, 0.9))
    for cover, level in lesions:
        texture = np.float32(level) + _grain(len(grey), random) * np.float32(lungs.grain)
        grey = grey + cover * inside * (texture - grey)
    return grey


def _chosen(kinds: Sequence[tuple[Maker, float]], random: Random) -> Maker:
    return kinds[int(random.choice(len(kinds), p=[share for _, share in kinds]))][0]


def _grain(side: int, random: Random) -> Floats:
    """Noise as fine as a kernel leaves it."""
    grain = softened(random.standard_normal((side, side), np.float32), random.uniform(0.4, 0.9))
    return np.asarray(grain / (grain.std() + 1e-6), np.float32)


def _bytes(grey: Floats) -> Bytes:
    return np.asarray(np.clip(grey + 0.5, 0, 255), np.uint8)
