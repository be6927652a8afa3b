"""The picture of the key slice, cropped to the lungs: plain on the left, with its heatmap on the right.

The 3D expert has no heatmap: where it decided, the slice is plain and alone.
"""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from screening.results.evidence import Evidence
from screening.views.crop import Pixel
from screening.views.heatmap_colours import overlaid

SIDE_PX: Final = 512


def key_slice_picture(slice_png: bytes, evidence: Evidence) -> bytes:
    """A PNG of SIDE_PX x 2 SIDE_PX pixels, or without a heatmap SIDE_PX x SIDE_PX, from the PNG of the key slice.

    The patient's left is on the right, posterior is down; the heatmap is that of the network with the higher score.
    """
    grey = cv2.imdecode(np.frombuffer(slice_png, np.uint8), cv2.IMREAD_GRAYSCALE)
    if grey is None:
        raise ValueError("the slice is no PNG")
    plain = _crop_to_lungs(np.asarray(grey, np.uint8), evidence)
    left = cv2.cvtColor(plain, cv2.COLOR_GRAY2BGR)
    if evidence.expert_key is not None:
        return _png(np.asarray(left, np.uint8))
    heated = overlaid(plain, _crop_to_lungs(_heatmap(evidence), evidence))
    return _png(np.hstack([left, cv2.cvtColor(heated, cv2.COLOR_RGB2BGR)]))


def _png(picture: NDArray[np.uint8]) -> bytes:
    return cv2.imencode(".png", picture)[1].tobytes()


def _heatmap(evidence: Evidence) -> NDArray[np.float32]:
    place = evidence.slice_indices.index(evidence.key_slice)
    return evidence.heatmap(evidence.decisive_map(place), place)


def _crop_to_lungs(slice_: NDArray[Pixel], evidence: Evidence) -> NDArray[Pixel]:
    """The crop of the lungs at the picture's size; black outside the slice."""
    crop = evidence.crop.of(slice_, 0)
    return np.asarray(cv2.resize(crop, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA), slice_.dtype)
