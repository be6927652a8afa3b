"""The survey of a stack: where the lungs lie, from as few decoded slices as that takes.

A coarse sample finds the lungs wherever the stack begins and ends; within them every slice that a view will show is
looked at, and both ends of each lung are refined to one slice. Runs of lung on both sides of an airless band are one
range (`lung_profile`), so that coverage sees the band.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from screening.dicom.geometry import Geometry
from screening.errors import NoLung
from screening.lungs.in_plane_orientation import InPlaneOrientation
from screening.lungs.lung_profile import LungProfile, profile_of
from screening.lungs.slice_anatomy import SliceAnatomy, slice_anatomy
from screening.lungs.slice_sampling import spaced_indices
from screening.over_slices import over_slices

_ROUNDING_MM = 0.01  # positions are often rounded to 0.01 mm
COARSE_MM = 20.0  # adult lungs are 180 to 300 mm high, so the sample meets them nine times at least

Sides = tuple[LungProfile, LungProfile]


class SliceSource(Protocol):
    """The part of a volume that a survey needs."""

    @property
    def geometry(self) -> Geometry: ...

    @property
    def heights_mm(self) -> Sequence[float]: ...

    def __len__(self) -> int: ...

    def hu(self, index: int) -> NDArray[np.int16]: ...


@dataclass(frozen=True)
class LungSurvey:
    """`anatomies` by index of every slice that was looked at; `first` and `last` are the outermost ones with lung.

    `viewed` are the slices for the networks: from `first` to `last`, no farther apart than was asked for. Slices of one
    value (blank) are none of them.
    """

    heights_mm: tuple[float, ...] = field(repr=False)
    anatomies: Mapping[int, SliceAnatomy] = field(repr=False)
    first: int
    last: int
    viewed: tuple[int, ...]


AnatomyOf = Callable[[NDArray[np.int16], tuple[float, float], InPlaneOrientation], SliceAnatomy]


def survey_lungs(source: SliceSource, view_spacing_mm: float, anatomy_of: AnatomyOf = slice_anatomy) -> LungSurvey:
    """Look at slices until the lungs are known; raises NoLung, or a PixelError of a slice that was looked at.

    `anatomy_of` may remember what it was asked before: evaluation surveys hundreds of nearly equal studies. It and the
    source are called by several threads at once.
    """
    return _Survey(source, view_spacing_mm, anatomy_of).run()


class _Survey:
    """A survey under way."""

    def __init__(self, source: SliceSource, view_spacing_mm: float, anatomy_of: AnatomyOf) -> None:
        self._source = source
        self._anatomy_of = anatomy_of
        self._heights = tuple(float(height) for height in source.heights_mm)
        self._spacing_mm = view_spacing_mm
        self._orientation = InPlaneOrientation.of(source.geometry.affine_lps)
        self._anatomies: dict[int, SliceAnatomy] = {}

    def run(self) -> LungSurvey:
        self._look_at(spaced_indices(self._heights, 0, len(self._heights) - 1, COARSE_MM))
        self._fill_gaps_of_blank_slices()
        first, last = self._range()
        self._look_at(spaced_indices(self._heights, first, last, self._spacing_mm))
        while unknown := self._between_end_and_next(self._profiles()):
            self._look_at(unknown)
        first, last = self._range()
        while unknown := self._between_far_neighbours(first, last):
            self._look_at(unknown)
            first, last = self._range()
        viewed = self._viewed(first, last)
        return LungSurvey(self._heights, dict(sorted(self._anatomies.items())), first, last, viewed)

    def _look_at(self, indices: Sequence[int]) -> None:
        in_plane_mm = self._source.geometry.spacing_mm[1:]
        fresh = [index for index in dict.fromkeys(indices) if index not in self._anatomies]
        slices = over_slices(self._source.hu, fresh)
        anatomies = over_slices(lambda hu: self._anatomy_of(hu, in_plane_mm, self._orientation), slices)
        self._anatomies.update(zip(fresh, anatomies, strict=True))

    def _fill_gaps_of_blank_slices(self) -> None:
        """A blank slice shows nothing of its place; its neighbours do."""
        for index in [index for index, anatomy in self._anatomies.items() if anatomy.blank]:
            self._look_at([near for near in (index - 1, index + 1) if 0 <= near < len(self._heights)])

    def _shown(self) -> list[int]:
        return sorted(index for index, anatomy in self._anatomies.items() if not anatomy.blank)

    def _profiles(self) -> Sides:
        shown = self._shown()
        heights, anatomies = [self._heights[index] for index in shown], [self._anatomies[index] for index in shown]
        return profile_of(heights, [one.right for one in anatomies]), profile_of(
            heights, [one.left for one in anatomies]
        )

    def _range(self) -> tuple[int, int]:
        """The outermost slices that show lung; raises NoLung."""
        found = [profile for profile in self._profiles() if profile]
        if not found:
            raise NoLung("No lung with air was found in the series. A chest CT shows both lungs; check the body part.")
        return (
            min(self._index_at(float(profile.heights_mm[0])) for profile in found),
            max(self._index_at(float(profile.heights_mm[-1])) for profile in found),
        )

    def _between_end_and_next(self, profiles: Sides) -> list[int]:
        """The middle slice between each end of a lung and the next slice that was looked at, where there is one."""
        middles = []
        for end_mm, beyond_mm in _ends(profiles):
            end, beyond = self._index_at(end_mm), self._index_at(beyond_mm)
            if abs(beyond - end) > 1 and (middle := (end + beyond) // 2) not in self._anatomies:
                middles.append(middle)
        return middles

    def _between_far_neighbours(self, first: int, last: int) -> list[int]:
        """The middle slice between neighbours that lie too far apart: the ends were moved, or a slice was blank."""
        shown = [index for index in self._shown() if first <= index <= last]
        middles = [
            (low + high) // 2
            for low, high in pairwise(shown)
            if high - low > 1 and self._heights[high] - self._heights[low] > self._spacing_mm + _ROUNDING_MM
        ]
        return [middle for middle in middles if middle not in self._anatomies]

    def _viewed(self, first: int, last: int) -> tuple[int, ...]:
        """Of the slices that were looked at, the fewest that lie close enough."""
        shown = [index for index in self._shown() if first <= index <= last]
        heights = [self._heights[index] for index in shown]
        return tuple(shown[place] for place in spaced_indices(heights, 0, len(shown) - 1, self._spacing_mm))

    def _index_at(self, height_mm: float) -> int:
        return int(np.abs(np.asarray(self._heights) - height_mm).argmin())


def _ends(profiles: Sides) -> Iterator[tuple[float, float]]:
    """Height of each end of each lung, and of the next slice beyond it; not where the stack ends there."""
    for profile in profiles:
        if profile:
            for end, beyond in zip((profile.heights_mm[0], profile.heights_mm[-1]), profile.beyond_mm, strict=True):
                if beyond is not None:
                    yield float(end), float(beyond)
