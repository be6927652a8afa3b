"""Views: the crop of a slice as 8 bits, and the five of it that are shown to the classifier.

Training makes its views here too, from HU and from public slices that were windowed before (`plain_view_of_grey`): the
same percentiles of the same crop at the same size, so that the networks see one look.
"""

import hashlib
from collections.abc import Callable
from types import MappingProxyType
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from screening.contract import VIEWS
from screening.crop import Crop
from screening.lung_mask import Mask
from screening.volume import AIR_HU

PERCENTILES = (2.0, 98.0)
LEAST_WIDTH_HU = 200.0
LEAST_WIDTH_GREY = 32.0  # as many of 255 as 200 HU are of the 1600 that a lung window shows
NOISE_SD = 0.015 * 255.0
CLAHE_CLIP = 2.0
CLAHE_TILES = (8, 8)
BLUR = (5, 5)

View = NDArray[np.uint8]


def plain_view(hu: NDArray[np.int16], crop: Crop) -> View:
    """The crop of one slice [rows, columns] in HU, windowed to 8 bit [size, size]."""
    return _windowed(crop.resized(hu, outside=AIR_HU), LEAST_WIDTH_HU)


def plain_view_of_grey(grey: NDArray[np.uint8], crop: Crop) -> View:
    """The same for a slice that was windowed to 8 bit already, and maybe cut close to the body.

    What lies outside such a slice is shown as its darkest: black there would shift the window and lift the lungs.
    """
    darkest = int(np.percentile(grey, PERCENTILES[0]))
    return _windowed(crop.resized(grey, outside=darkest), LEAST_WIDTH_GREY)


def view_mask(mask: Mask, crop: Crop) -> NDArray[np.uint8]:
    """The lung mask [rows, columns] on the grid of the view: 1 inside [1, size, size]."""
    cropped = crop.of(mask.view(np.uint8), outside=0)
    resized = cv2.resize(cropped, (crop.size, crop.size), interpolation=cv2.INTER_NEAREST_EXACT)
    return np.asarray(resized, np.uint8).reshape(1, crop.size, crop.size)


def make_views(plain: View) -> NDArray[np.uint8]:
    """The views of `screening.contract.VIEWS`, made of the plain one: [V, 1, size, size]. Equal bytes in, equal out."""
    return np.asarray(np.stack([_MAKERS[name](plain) for name in VIEWS])[:, np.newaxis], np.uint8)


def _windowed(values: NDArray[np.int16] | NDArray[np.uint8], least_width: float) -> View:
    low, high = _percentiles(values)
    short = max(0.0, least_width - (high - low))
    low, high = low - short / 2, high + short / 2
    scaled = (values.astype(np.float32) - np.float32(low)) * np.float32(255.0 / (high - low))
    return _bytes(scaled)


def _percentiles(values: NDArray[np.int16] | NDArray[np.uint8]) -> NDArray[np.float64]:
    """What numpy's percentile gives for PERCENTILES, to the bit, by counting the values: 0.08 ms and not 0.26."""
    least = int(values.min())
    up_to = np.bincount(values.ravel().astype(np.intp) - least).cumsum()
    places = np.divide(PERCENTILES, 100) * (values.size - 1)
    before = np.floor(places)
    low, high = (np.searchsorted(up_to, place, side="right") + least for place in (before, np.ceil(places)))
    share = places - before
    step = high - low
    return np.asarray(np.where(share < 0.5, low + step * share, high - step * (1 - share)), np.float64)


def _noisy(plain: View) -> View:
    # Seeded by the pixels: a study that is screened twice is screened alike.
    seed = int.from_bytes(hashlib.blake2b(plain.tobytes(), digest_size=8).digest(), "little")
    noise = np.random.Generator(np.random.PCG64(seed)).standard_normal(plain.shape, np.float32)
    return _bytes(plain + NOISE_SD * noise)


def _bytes(values: NDArray[np.floating]) -> View:
    return np.asarray(np.clip(np.rint(values), 0, 255), np.uint8)


def _blurred(plain: View) -> View:
    return np.asarray(cv2.GaussianBlur(plain, BLUR, 0), np.uint8)


def _equalised(plain: View) -> View:
    return np.asarray(cv2.createCLAHE(CLAHE_CLIP, CLAHE_TILES).apply(plain), np.uint8)


_MAKERS: Final = MappingProxyType[str, Callable[[View], View]](
    {
        "plain": lambda plain: plain,
        "flip": lambda plain: plain[:, ::-1],
        "noise": _noisy,
        "blur": _blurred,
        "clahe": _equalised,
    }
)
