"""Slices that a scan is better without: copies at nearly the same place, and a few that lie apart from all others."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from screening.dicom.geometry import distances_along_normal_mm
from screening.dicom.slice_header import SliceHeader

COPY_SHARE: Final = 0.15  # of the usual distance to the slice after next, which copies halve at most
APART_STEPS: Final = 3.0  # of the usual step, and
APART_MM: Final = 20.0  # a slice so far from the next one lies apart
STRAY_SHARE: Final = 0.1  # of the slices, at most: a monitoring or reference image, not a part of the scan

Slices = Sequence[SliceHeader]


def without_copies(slices: Slices) -> tuple[tuple[SliceHeader, ...], tuple[str, ...]]:
    """One slice of each place, where several lie (nearly) at one; of equals the earliest acquisition.

    Finely spaced parts of an unevenly spaced stack stay: they reach farther than a place.
    """
    heights = distances_along_normal_mm(slices)
    steps = np.diff(heights)
    if not len(steps):
        return tuple(slices), ()
    tolerance = COPY_SHARE * float(np.median(heights[2:] - heights[:-2])) if len(heights) > 2 else 0.0
    groups = np.split(np.arange(len(slices)), np.flatnonzero(steps > tolerance) + 1)
    kept: list[SliceHeader] = []
    for group in groups:
        some = [slices[place] for place in group]
        is_place = heights[group[-1]] - heights[group[0]] <= tolerance
        kept += [min(some, key=_earliest)] if is_place else _exact_places(some)
    if len(kept) == len(slices):
        return tuple(slices), ()
    return tuple(kept), (
        f"{len(slices) - len(kept)} slice(s) lie at (nearly) the same place as another one; one of each place is used.",
    )


def without_strays(slices: Slices) -> tuple[tuple[SliceHeader, ...], tuple[str, ...]]:
    """The scan without a few slices that lie far from it."""
    steps = np.diff(distances_along_normal_mm(slices))
    if not len(steps):
        return tuple(slices), ()
    wide = max(APART_MM, APART_STEPS * float(np.median(steps)))
    runs = np.split(np.arange(len(slices)), np.flatnonzero(steps > wide) + 1)
    main = max(runs, key=len)
    strays = [run for run in runs if run is not main and len(run) <= STRAY_SHARE * len(slices)]
    # Within the scan, a few slices between two gaps are no strays: slices are missing there, and coverage says so.
    strays = [run for run in strays if run[-1] < main[0] or run[0] > main[-1]]
    if not strays or sum(len(run) for run in strays) > STRAY_SHARE * len(slices):
        return tuple(slices), ()
    left_out = {place for run in strays for place in run.tolist()}
    kept = tuple(one for place, one in enumerate(slices) if place not in left_out)
    return kept, (f"{len(left_out)} slice(s) lie apart from the others of the series and were left out.",)


def _exact_places(slices: Slices) -> list[SliceHeader]:
    heights = distances_along_normal_mm(slices)
    kept: list[tuple[float, SliceHeader]] = []
    placed = zip(heights.tolist(), slices, strict=True)
    for height, one in sorted(placed, key=lambda pair: (round(pair[0], 2), _earliest(pair[1]))):
        if not kept or height - kept[-1][0] > 0.01:
            kept.append((height, one))
    return [one for _, one in kept]


def _earliest(one: SliceHeader) -> tuple[object, ...]:
    return one.acquisition, one.acquired_at, one.sop_uid, one.frame
