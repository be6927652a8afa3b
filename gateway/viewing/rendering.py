"""Slices and volumes for a person's eyes, made in a decode worker; volumes are written into files, slice by slice."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from gateway.viewing.series_reading import Source
from screening.display_window import LUNG, Window, png
from screening.evidence import Evidence, Kind
from screening.geometry import Geometry
from screening.lung_mask import lung_mask
from screening.lungs import find_lungs
from screening.nifti_writing import coarse_slice, write_nifti
from screening.volume import Volume

THUMBNAIL_PX: Final = 192
STEPS_OF_UINT8: Final = 255


def raw_slice(source: Source, index: int) -> bytes:
    """HU of a slice as int16, little endian, row by row."""
    return source.volume().hu(index).astype("<i2", copy=False).tobytes()


def png_slice(source: Source, index: int, window: Window) -> bytes:
    """A slice as PNG, rows and columns as they are stored."""
    return png(window.grey(source.volume().hu(index)))


def thumbnail(source: Source, index: int) -> bytes:
    """A slice as a small PNG in the lung window, the patient's left on the right and the back down, pixels square."""
    volume = source.volume()
    grey, affine = LUNG.grey(volume.hu(index)), volume.geometry.affine_lps
    upright = grey[:: -1 if affine[1, 1] < 0 else 1, :: -1 if affine[0, 0] < 0 else 1]
    _, row_mm, column_mm = volume.geometry.spacing_mm
    height_mm, width_mm = grey.shape[0] * row_mm, grey.shape[1] * column_mm
    scale = THUMBNAIL_PX / max(height_mm, width_mm)
    size = max(1, round(width_mm * scale)), max(1, round(height_mm * scale))
    return png(np.asarray(cv2.resize(np.ascontiguousarray(upright), size, interpolation=cv2.INTER_AREA), np.uint8))


def write_volume(source: Source, step: int, target: Path) -> None:
    """HU of the volume as int16; of a coarse one, only the slices that it keeps are decoded."""
    volume = source.volume()
    slices = (coarse_slice(volume.hu(index), step) for index in range(0, len(volume), step))
    write_nifti(target, volume.geometry, step, slices)


def write_lungs(source: Source, step: int, target: Path) -> None:
    """The lung mask as uint8, 1 inside, of every slice between the last samples above and below that show no lung.

    Raises NoLung.
    """
    volume = source.volume()
    write_nifti(target, volume.geometry, step, _lung_slices(volume, step))


def write_heatmap(evidence: Evidence, kind: Kind, step: int, target: Path) -> None:
    """One network's map over the whole series as uint8, scaled to 0 ... 1 by the header."""
    write_nifti(target, evidence.geometry, step, _heat_slices(evidence, kind, step), 1 / STEPS_OF_UINT8)


def _lung_slices(volume: Volume, step: int) -> Iterator[NDArray[np.uint8]]:
    lungs = find_lungs(volume)
    sample = sorted(lungs.areas_cm2)
    below = max((index for index in sample if index < lungs.first), default=-1)
    above = min((index for index in sample if index > lungs.last), default=len(volume))
    _, row_mm, column_mm = volume.geometry.spacing_mm
    for index in range(0, len(volume), step):
        if below < index < above:
            mask = lung_mask(volume.hu(index), (row_mm, column_mm)).view(np.uint8)
        else:
            mask = _empty(volume.geometry)
        yield coarse_slice(mask, step)


def _heat_slices(evidence: Evidence, kind: Kind, step: int) -> Iterator[NDArray[np.uint8]]:
    nothing = coarse_slice(_empty(evidence.geometry), step)
    last: tuple[int | None, NDArray[Any]] = (None, nothing)
    for index in range(0, len(evidence), step):
        place = evidence.place_of(index)
        if place != last[0]:
            share = nothing if place is None else evidence.heatmap(kind, place) * STEPS_OF_UINT8
            last = place, nothing if place is None else coarse_slice(np.rint(share).astype(np.uint8), step)
        yield last[1]


def _empty(geometry: Geometry) -> NDArray[np.uint8]:
    return np.zeros(geometry.shape[1:], np.uint8)
