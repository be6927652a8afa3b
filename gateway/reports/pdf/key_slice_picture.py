"""The key slice as a person sees it: the lungs alone, plain on the left and under its heatmap on the right."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from screening.crop import Pixel
from screening.evidence import Evidence, Kind

SIDE_PX: Final = 512
STRONGEST: Final = 0.55  # share of a pixel's colour, where the map is at its highest: the slice stays readable below


def key_slice_picture(slice_png: bytes, evidence: Evidence) -> bytes:
    """A PNG twice as wide as high, of the key slice's own PNG.

    The patient's left is on the right and the back is down; the map is that of the network which decided.
    """
    grey = cv2.imdecode(np.frombuffer(slice_png, np.uint8), cv2.IMREAD_GRAYSCALE)
    if grey is None:
        raise ValueError("the slice is no PNG")
    plain = cv2.cvtColor(_shown(np.asarray(grey, np.uint8), evidence), cv2.COLOR_GRAY2BGR)
    heat = np.clip(_shown(_heatmap(evidence), evidence), 0.0, 1.0)
    colours = cv2.applyColorMap(np.rint(heat * 255).astype(np.uint8), cv2.COLORMAP_INFERNO)
    share = heat[..., None] ** 2 * STRONGEST  # squared: what is low in the map stays as it was
    heated = np.rint(plain * (1.0 - share) + colours * share).astype(np.uint8)
    _, data = cv2.imencode(".png", np.hstack([plain, heated]))
    return data.tobytes()


def _heatmap(evidence: Evidence) -> NDArray[np.float32]:
    place = evidence.slice_indices.index(evidence.key_slice)
    by_error = evidence.slice_r[place] > evidence.slice_p[place]
    return evidence.heatmap(Kind.ERROR if by_error else Kind.ACTIVATION, place)


def _shown(slice_: NDArray[Pixel], evidence: Evidence) -> NDArray[Pixel]:
    """The crop of the lungs at the picture's size; black where it leaves the slice."""
    crop = evidence.crop.of(slice_, 0)
    return np.asarray(cv2.resize(crop, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA), slice_.dtype)
