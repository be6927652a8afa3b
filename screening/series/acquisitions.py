"""Several acquisitions in one series: what one place of the body shows comes from one of them.

Two phases show the same places; two helical passes adjoin or overlap by a few slices. The acquisition that reaches
farthest is taken whole, the others only where they reach beyond it. Acquisitions are told apart by Acquisition Number,
else by Acquisition Time or the run of Instance Number, in that order, whichever leaves one slice at each place.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from screening.dicom.geometry import distances_along_normal_mm
from screening.dicom.slice_header import SliceHeader

SAME_PLACE_MM: Final = 0.01
MIN_EACH: Final = 3  # slices of an acquisition; single slices that differ are no acquisition

Slices = Sequence[SliceHeader]
Floats = NDArray[np.float64]


def one_at_each_place(slices: Slices) -> tuple[tuple[SliceHeader, ...], tuple[str, ...]]:
    """Slices by rising height, of one acquisition at each place, and warnings on those that were left out."""
    heights = distances_along_normal_mm(slices)
    order = np.argsort(heights, kind="stable")
    groups, name = _acquisitions([slices[place] for place in order], heights[order])
    if len(groups) < 2:
        return tuple(slices[place] for place in order), ()
    kept = _joined(groups)
    left_out = len(slices) - len(kept)
    if not left_out:
        return kept, ()
    warning = (
        f"{left_out} slice(s) show a place of the body that another acquisition (phase) of the series shows, too; "
        f"they were told apart by {name}, and one acquisition is used."
    )
    return kept, (warning,)


def _acquisitions(slices: Slices, heights: Floats) -> tuple[list[list[tuple[float, SliceHeader]]], str]:
    """The acquisitions, each by rising height, and by what they were told apart; one group where there is one alone."""
    placed = list(zip(heights.tolist(), slices, strict=True))
    by_number = _grouped(placed, lambda one: one.acquisition)
    if len(by_number) > 1 and min(len(group) for group in by_number) >= MIN_EACH and not _repeats_any(by_number):
        return by_number, "Acquisition Number"
    if not _repeats(placed):
        return [placed], ""
    by_time = _ranked(placed, lambda one: (one.acquired_at, one.instance, one.sop_uid, one.frame))
    name = "Acquisition Time" if len({one.acquired_at for one in slices}) > 1 else "Instance Number"
    return by_time, name


def _grouped(
    placed: Sequence[tuple[float, SliceHeader]], key: Callable[[SliceHeader], Hashable]
) -> list[list[tuple[float, SliceHeader]]]:
    groups: dict[Hashable, list[tuple[float, SliceHeader]]] = defaultdict(list)
    for height, one in placed:
        groups[key(one)].append((height, one))
    return list(groups.values())


def _ranked(
    placed: Sequence[tuple[float, SliceHeader]], key: Callable[[SliceHeader], tuple[object, ...]]
) -> list[list[tuple[float, SliceHeader]]]:
    """The first slice of each place, the second ones, and so on; by `key` within the place."""
    groups: list[list[tuple[float, SliceHeader]]] = []
    for place in _places(placed):
        for rank, pair in enumerate(sorted(place, key=lambda pair: key(pair[1]))):
            if rank == len(groups):
                groups.append([])
            groups[rank].append(pair)
    return groups


def _places(placed: Sequence[tuple[float, SliceHeader]]) -> list[list[tuple[float, SliceHeader]]]:
    places: list[list[tuple[float, SliceHeader]]] = []
    for height, one in placed:
        if places and height - places[-1][0][0] <= SAME_PLACE_MM:
            places[-1].append((height, one))
        else:
            places.append([(height, one)])
    return places


def _repeats(placed: Sequence[tuple[float, SliceHeader]]) -> bool:
    return any(len(place) > 1 for place in _places(placed))


def _repeats_any(groups: Sequence[Sequence[tuple[float, SliceHeader]]]) -> bool:
    return any(_repeats(group) for group in groups)


def _joined(groups: Sequence[Sequence[tuple[float, SliceHeader]]]) -> tuple[SliceHeader, ...]:
    """The group that reaches farthest, and of the others what lies beyond it by half a step at least."""
    main, *others = sorted(groups, key=lambda group: (-(group[-1][0] - group[0][0]), -len(group), _earliest(group)))
    kept = list(main)
    for group in sorted(others, key=lambda group: -group[-1][0]):  # downwards, the nearest first
        kept = [*[pair for pair in group if pair[0] < kept[0][0] - _step(group) / 2], *kept]
    for group in sorted(others, key=lambda group: group[0][0]):
        kept = [*kept, *[pair for pair in group if pair[0] > kept[-1][0] + _step(group) / 2]]
    return tuple(one for _, one in kept)


def _step(group: Sequence[tuple[float, SliceHeader]]) -> float:
    heights = [height for height, _ in group]
    return float(np.median(np.diff(heights))) if len(heights) > 1 else 0.0


def _earliest(group: Sequence[tuple[float, SliceHeader]]) -> tuple[object, ...]:
    return min((one.acquisition, one.acquired_at, one.sop_uid, one.frame) for _, one in group)
