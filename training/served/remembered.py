"""Functions of arrays that remember: of a study with one painted lesion, only the slices that show it are new."""

import hashlib
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from screening.lungs.in_plane_orientation import InPlaneOrientation
from screening.lungs.slice_anatomy import SliceAnatomy, slice_anatomy

DIGEST_BYTES: Final = 16


class RememberedAnatomies:
    """`slice_anatomy` of each slice once."""

    def __init__(self) -> None:
        self._known: dict[tuple[bytes, tuple[float, float], InPlaneOrientation], SliceAnatomy] = {}

    def __call__(
        self, hu: NDArray[np.int16], spacing_mm: tuple[float, float], orientation: InPlaneOrientation
    ) -> SliceAnatomy:
        key = content_key(hu), spacing_mm, orientation
        if key not in self._known:
            self._known[key] = slice_anatomy(hu, spacing_mm, orientation)
        return self._known[key]


def content_key(*arrays: NDArray[Any]) -> bytes:
    """A hash of the arrays' bytes and shapes."""
    digest = hashlib.blake2b(digest_size=DIGEST_BYTES)
    for array in arrays:
        digest.update(f"{array.dtype} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.digest()
