"""Preparation of the 3D expert's input, after the networks have seen the slices: all slices of the lungs as blocks.

Runs in a worker process, as `screening.preparation` does; arguments and results pickle.
"""

from collections.abc import Iterator

import cv2

from screening.blocks.lung_grid import LungsOf, lung_grid
from screening.blocks.tiling import LungBlocks, blocks_of
from screening.lungs.slice_lungs import slice_lungs
from screening.preparation import ChosenSeries
from screening.series.studies import Study, screenable
from screening.series.volume import Volume


class SeriesChanged(Exception):
    """The study does not hold the series that was screened: a fault of the program, since both are from one upload."""


def prepare_blocks(study: Study, chosen: ChosenSeries) -> LungBlocks:
    """The blocks of the series that was screened; raises NoLung, a PixelError, SeriesChanged."""
    cv2.setNumThreads(1)
    volume = next(_matching(study, chosen), None)
    if volume is None:
        raise SeriesChanged
    return series_blocks(volume, chosen)


def series_blocks(volume: Volume, chosen: ChosenSeries, lungs_of: LungsOf = slice_lungs) -> LungBlocks:
    """The blocks of a series, of which `chosen` were screened; raises NoLung, a PixelError.

    `lungs_of` may remember what it was asked before.
    """
    grid = lung_grid(volume, min(chosen.sop_uids), max(chosen.sop_uids), chosen.crop, lungs_of, chosen.grid_slices)
    return blocks_of(grid, volume.geometry.affine_lps)


def _matching(study: Study, chosen: ChosenSeries) -> Iterator[Volume]:
    """The volumes that have each screened slice in its place; a series may be several acquisitions."""
    for volume in screenable(study).volumes:
        if volume.series_uid == chosen.series_uid and all(
            index < len(volume) and volume.slices[index].sop_uid == uid for index, uid in chosen.sop_uids.items()
        ):
            yield volume
