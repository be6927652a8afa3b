"""Rendering in a decode worker: slices as bytes or PNG; volumes, lung masks and heatmaps as NIfTI, slice by slice."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from gateway.viewing.series_reading import SeriesSource
from screening.dicom.geometry import Geometry
from screening.lungs.lung_extent import find_lungs
from screening.lungs.lung_mask import lung_mask
from screening.results.evidence import Evidence, MapKind
from screening.series.volume import Volume
from screening.views.display_window import LUNG, Window, png
from screening.views.nifti_writing import coarse_slice, write_nifti

THUMBNAIL_PX: Final = 192
STEPS_OF_UINT8: Final = 255


def raw_slice(source: SeriesSource, index: int) -> bytes:
    """HU of a slice as int16 [rows, columns], little endian."""
    return source.volume().hu(index).astype("<i2", copy=False).tobytes()


def png_slice(source: SeriesSource, index: int, window: Window) -> bytes:
    """A slice as PNG, rows and columns as they are stored."""
    return png(window.grey(source.volume().hu(index)))


def thumbnail(source: SeriesSource, index: int) -> bytes:
    """A slice as a small PNG in the lung window: the patient's left on the right, posterior down, square pixels."""
    volume = source.volume()
    grey, affine = LUNG.grey(volume.hu(index)), volume.geometry.affine_lps
    upright = grey[:: -1 if affine[1, 1] < 0 else 1, :: -1 if affine[0, 0] < 0 else 1]
    _, row_mm, column_mm = volume.geometry.spacing_mm
    height_mm, width_mm = grey.shape[0] * row_mm, grey.shape[1] * column_mm
    scale = THUMBNAIL_PX / max(height_mm, width_mm)
    size = max(1, round(width_mm * scale)), max(1, round(height_mm * scale))
    return png(np.asarray(cv2.resize(np.ascontiguousarray(upright), size, interpolation=cv2.INTER_AREA), np.uint8))


def write_volume(source: SeriesSource, step: int, target: Path) -> None:
    """HU of the volume as int16; only every `step`-th slice is decoded."""
    volume = source.volume()
    slices = (coarse_slice(volume.hu(index), step) for index in range(0, len(volume), step))
    write_nifti(target, volume.geometry, step, slices)


def write_lungs(source: SeriesSource, step: int, target: Path) -> None:
    """The lung mask as uint8, 1 inside the lungs; raises NoLung.

    Slices beyond the nearest sampled slices without lung, below and above, are 0 and not decoded.
    """
    volume = source.volume()
    write_nifti(target, volume.geometry, step, lung_slices(volume, step))


def lung_slices(volume: Volume, step: int) -> Iterator[NDArray[np.uint8]]:
    """The lung mask of every `step`-th slice, averaged in the plane; raises NoLung."""
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


def write_heatmap(evidence: Evidence, kind: MapKind, step: int, target: Path) -> None:
    """The heatmap of one network over the whole series as uint8, scaled to 0 ... 1 by the header."""
    write_nifti(target, evidence.geometry, step, _heat_slices(evidence, kind, step), 1 / STEPS_OF_UINT8)


def _heat_slices(evidence: Evidence, kind: MapKind, step: int) -> Iterator[NDArray[np.uint8]]:
    nothing = coarse_slice(_empty(evidence.geometry), step)
    last: tuple[int | None, NDArray[Any]] = (None, nothing)
    for index in range(0, len(evidence), step):
        place = evidence.nearest_chosen(index)
        if place != last[0]:
            share = nothing if place is None else evidence.heatmap(kind, place) * STEPS_OF_UINT8
            last = place, nothing if place is None else coarse_slice(np.rint(share).astype(np.uint8), step)
        yield last[1]


def _empty(geometry: Geometry) -> NDArray[np.uint8]:
    return np.zeros(geometry.shape[1:], np.uint8)
