"""Stacks: the slices of one series -> scans that can be screened, each of one phase, kernel and field of view.

A series may hold several scans: phases at the same places, two reconstructions, a localiser, a monitoring slice. It is
divided by what never mixes in one scan (table `DIVISIONS`); what several acquisitions show of the same place is taken
from one of them; then copies of a place and slices that lie apart are left out, and it is said.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Final

import numpy as np

from screening.dicom.geometry import distances_along_normal_mm, has_places, sort_by_position
from screening.dicom.slice_header import SliceHeader
from screening.series.acquisitions import one_at_each_place
from screening.series.stack_cleaning import without_copies, without_strays

SAME_DIRECTION_DEG: Final = (
    1.0  # a drift of the table or rounded cosines are tenths of a degree; reformats are 5 and more
)
SAME_SPACING: Final = 1.001
SAME_THICKNESS_MM: Final = 0.05

Slices = Sequence[SliceHeader]


@dataclass(frozen=True)
class Stack:
    """Slices of one scan, by rising height where they have a place; `warnings` say what of its series was left out."""

    slices: tuple[SliceHeader, ...]
    warnings: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.slices)


@dataclass(frozen=True)
class Division:
    """A property that is one for all slices of a scan: its name, and how it divides slices.

    With `is_told`, a reader is told where it divides scans of the same places.
    """

    name: str
    divide: Callable[[Slices], list[list[SliceHeader]]]
    is_told: bool = True


def stacks_of(slices: Slices) -> list[Stack]:
    """The stacks of a series, those with the lowest SOP Instance UID first."""
    parts: list[_Part] = [_Part(list(slices), ())]
    for division in DIVISIONS:
        parts = [finer for whole in parts for finer in whole.divided(division)]
    parts.sort(key=lambda part: min((one.sop_uid, one.frame) for one in part.slices))
    return [_cleaned(part) for part in parts]


@dataclass(frozen=True)
class _Part:
    """Slices that were divided from the rest of their series by the properties named `apart`."""

    slices: list[SliceHeader]
    apart: tuple[str, ...]

    def divided(self, division: Division) -> list["_Part"]:
        groups = division.divide(self.slices)
        named = division.is_told and len(groups) > 1 and _overlap(groups)
        apart = (*self.apart, division.name) if named else self.apart
        return [_Part(group, apart) for group in groups]


def _cleaned(part: _Part) -> Stack:
    """Without slices of other acquisitions, copies and strays; as it is where slices have no places of their own."""
    if not has_places(part.slices) or len(sort_by_position(part.slices)) < 2:
        return Stack(tuple(part.slices))
    one_scan, taken = one_at_each_place(part.slices)
    single, copied = without_copies(one_scan)
    near, apart = without_strays(single)
    return Stack(near, (*_told_apart(part), *taken, *copied, *apart))


def _told_apart(part: _Part) -> Iterator[str]:
    if part.apart:
        yield (
            f"The series holds several scans of the same places of the body, told apart by {' and '.join(part.apart)}; "
            "one of them is used."
        )


def _by(slices: Slices, value: Callable[[SliceHeader], Hashable]) -> list[list[SliceHeader]]:
    parts: dict[Hashable, list[SliceHeader]] = defaultdict(list)
    for one in slices:
        parts[value(one)].append(one)
    return list(parts.values())


def _by_direction(slices: Slices) -> list[list[SliceHeader]]:
    """By the angle between directions, not by digits: one that is rounded or drifts is one."""
    return _near(slices, lambda one: one.orientation, _same_direction)


def _by_spacing(slices: Slices) -> list[list[SliceHeader]]:
    return _near(slices, lambda one: one.spacing_mm, _same_spacing)


def _by_thickness(slices: Slices) -> list[list[SliceHeader]]:
    """By Slice Thickness where both thicknesses show the same places: else one scan has two."""
    parts = _near(slices, lambda one: one.thickness_mm, _same_thickness)
    return parts if len(parts) > 1 and _overlap(parts) else [list(slices)]


def _by_field(slices: Slices) -> list[list[SliceHeader]]:
    """By where the field lies in the plane, where two fields show the same places; a tilted stack shifts it slowly."""
    if len(slices) < 2 or not has_places(slices) or any(one.spacing_mm is None for one in slices):
        return [list(slices)]
    parts = _near(slices, _in_plane_mm, lambda one, other: bool(np.abs(np.subtract(one, other)).max() < 1.0))
    return parts if len(parts) == 2 and _overlap(parts) else [list(slices)]


def _in_plane_mm(one: SliceHeader) -> tuple[float, float]:
    """The first pixel along the rows and along the columns."""
    position, orientation = np.asarray(one.position), one.orientation or ((0.0,) * 3,) * 2
    return float(position @ np.asarray(orientation[0])), float(position @ np.asarray(orientation[1]))


def _near(slices: Slices, value: Callable[[SliceHeader], object], same: Callable[..., bool]) -> list[list[SliceHeader]]:
    """Parts whose values are the same as the first one of the part; slices without a value are a part of their own."""
    parts: list[tuple[object, list[SliceHeader]]] = []
    for one in slices:
        own = value(one)
        for first, part in parts:
            if (own is None and first is None) or (own is not None and first is not None and same(first, own)):
                part.append(one)
                break
        else:
            parts.append((own, [one]))
    return [part for _, part in parts]


def _same_direction(one: tuple[Sequence[float], ...], other: tuple[Sequence[float], ...]) -> bool:
    lengths = [float(np.linalg.norm(a) * np.linalg.norm(b)) or 1.0 for a, b in zip(one, other, strict=True)]
    cosines = [float(np.dot(a, b)) / length for a, b, length in zip(one, other, lengths, strict=True)]
    return min(cosines) >= math.cos(math.radians(SAME_DIRECTION_DEG))


def _same_spacing(one: Sequence[float], other: Sequence[float]) -> bool:
    return all(max(a, b) <= min(a, b) * SAME_SPACING for a, b in zip(one, other, strict=True))


def _same_thickness(one: float, other: float) -> bool:
    return abs(one - other) <= SAME_THICKNESS_MM


def _overlap(parts: Sequence[Slices]) -> bool:
    """Whether two of the parts show the same stretch of the body."""
    if not all(has_places(part) for part in parts):
        return False
    reference = parts[0][0]
    spans = sorted(_span_mm(part, reference) for part in parts)
    return any(low < before for (_, before), (low, _) in pairwise(spans))


def _span_mm(part: Slices, reference: SliceHeader) -> tuple[float, float]:
    heights = distances_along_normal_mm([reference, *part])[1:]
    return float(heights.min()), float(heights.max())


DIVISIONS: Final = (
    Division(
        "kind of image", partial(_by, value=lambda one: (one.modality, one.localiser, one.projection)), is_told=False
    ),
    Division("matrix", partial(_by, value=lambda one: one.pixels and (one.pixels.rows, one.pixels.columns))),
    Division("convolution kernel", partial(_by, value=lambda one: one.kernel)),
    Division("temporal position", partial(_by, value=lambda one: one.temporal_position)),
    Division("cardiac phase", partial(_by, value=lambda one: one.cardiac_phase)),
    Division("orientation", _by_direction, is_told=False),
    Division("Pixel Spacing", _by_spacing),
    Division("Slice Thickness", _by_thickness),
    Division("field of view", _by_field),
)
