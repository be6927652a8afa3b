"""Extent of the lungs in a volume: first and last slice, and one box in the plane, from a coarse sample of slices.

A series holds lungs when the masks have a volume of `MIN_VOLUME_CM3` over at least `MIN_LUNG_HEIGHT_MM`. The air of a
head is far below (sinuses and mastoids hold under 150 cm3), bowel gas is excluded by its HU, and an abdomen that shows
only the lung bases has too little height. Lungs of children under about two years are refused too.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from screening.dicom.geometry import Geometry
from screening.errors import NoLung
from screening.lungs.lung_mask import Mask, lung_mask

SAMPLES = 14  # one sample every 23 mm in a chest of 300 mm; lungs are 200 to 300 mm high
MIN_VOLUME_CM3 = 500.0
MIN_LUNG_HEIGHT_MM = 60.0
MIN_AREA_CM2 = 12.0  # of both lungs in one slice; slices with less lung show mainly the liver or the neck
MIN_SHARE = 0.08  # of the largest area
MARGIN_MM = 6.0  # includes the pleura and the inner side of the ribs, where effusions and plaques lie

Box = tuple[int, int, int, int]


class SliceSource(Protocol):
    """The part of a volume that finding the lungs needs."""

    @property
    def geometry(self) -> Geometry: ...

    def __len__(self) -> int: ...

    def hu(self, index: int) -> NDArray[np.int16]: ...


@dataclass(frozen=True)
class Lungs:
    """Slices `first` to `last` hold lungs, inside `box`: rows row0 to row1, columns column0 to column1 (ends excluded).

    `areas_cm2` is the area of the mask in every slice of the sample, by index.
    """

    first: int
    last: int
    box: Box
    areas_cm2: Mapping[int, float]


def find_lungs(volume: SliceSource) -> Lungs:
    """Decode a coarse sample and find the lungs in it; raises NoLung, or a PixelError of a slice of the sample."""
    return lungs_in(sample_masks(volume), volume.geometry)


def sample_masks(volume: SliceSource) -> dict[int, Mask]:
    """The lung mask of every slice of a coarse sample, by index in ascending order."""
    sample = np.unique(np.linspace(0, len(volume) - 1, SAMPLES).round().astype(int)).tolist()
    _, row_mm, column_mm = volume.geometry.spacing_mm
    return {index: lung_mask(volume.hu(index), (row_mm, column_mm)) for index in sample}


def lungs_in(masks: Mapping[int, Mask], geometry: Geometry) -> Lungs:
    """The lungs in the masks of some slices; raises NoLung."""
    step_mm, row_mm, column_mm = geometry.spacing_mm
    areas = {index: float(np.count_nonzero(mask)) * row_mm * column_mm / 100.0 for index, mask in masks.items()}
    run = _largest_run(areas)
    if not run:
        raise NoLung("No lung was found in the series.")
    height_mm = (run[-1] - run[0]) * step_mm
    volume_cm3 = float(np.trapezoid([areas[index] for index in run], run)) * step_mm / 10.0
    if height_mm < MIN_LUNG_HEIGHT_MM or volume_cm3 < MIN_VOLUME_CM3:
        raise NoLung(f"The lung found in the series is too small: {volume_cm3:.0f} cm3 over {height_mm:.0f} mm.")
    return Lungs(run[0], run[-1], box_of([masks[index] for index in run], margins_px((row_mm, column_mm))), areas)


def margins_px(spacing_mm: tuple[float, float]) -> tuple[int, int]:
    """`MARGIN_MM` as (rows, columns); spacing is (row, column)."""
    return round(MARGIN_MM / spacing_mm[0]), round(MARGIN_MM / spacing_mm[1])


def box_of(masks: list[Mask], margins: tuple[int, int] = (0, 0)) -> Box:
    """The box around masks [rows, columns] of one shape, widened by `margins` pixels; at least one is not empty."""
    union: Mask = reduce(np.logical_or, masks)
    (row0, row1), (column0, column1) = (_span(np.any(union, axis=axis)) for axis in (1, 0))
    rows, columns = margins
    return (
        max(0, row0 - rows),
        min(union.shape[0], row1 + rows),
        max(0, column0 - columns),
        min(union.shape[1], column1 + columns),
    )


def _largest_run(areas_cm2: Mapping[int, float]) -> list[int]:
    """The run of consecutive slices of the sample, all with lung, that has the largest total area."""
    threshold_cm2 = max(MIN_AREA_CM2, MIN_SHARE * max(areas_cm2.values()))
    runs: list[list[int]] = [[]]
    for index, area in areas_cm2.items():
        if area >= threshold_cm2:
            runs[-1].append(index)
        else:
            runs.append([])
    return max(runs, key=lambda run: sum(areas_cm2[index] for index in run))


def _span(line: NDArray[np.bool_]) -> tuple[int, int]:
    where = np.flatnonzero(line)
    return int(where[0]), int(where[-1]) + 1
