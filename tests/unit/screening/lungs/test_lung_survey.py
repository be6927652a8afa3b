"""The survey sees all of the lungs, whatever stack they lie in: a ball of 40 mm anywhere in them is in some view."""

from collections.abc import Sequence
from functools import cache

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from screening.dicom.geometry import Geometry
from screening.errors import NoLung
from screening.lungs.lung_survey import COARSE_MM, LungSurvey, survey_lungs
from screening.phantom.phantom_anatomy import FIELD_MM, HEIGHT_MM, Chest
from tests.examples import examples

SIZE = 96
SPACING_MM = 8.0
CHEST = Chest(0, nodule=False, effusion=False)


class Stack:
    """Slices at these heights: the phantom's chest from 0 to `HEIGHT_MM`, a belly below it and a neck above it."""

    def __init__(self, heights_mm: Sequence[float], blank: frozenset[int] = frozenset()) -> None:
        self.heights_mm = [float(height) for height in heights_mm]
        self.decoded: set[int] = set()
        self._blank = blank
        pixel_mm = FIELD_MM / SIZE
        affine = np.diag([pixel_mm, pixel_mm, 1.0, 1.0])
        self.geometry = Geometry((len(self.heights_mm), SIZE, SIZE), affine, (1.0, pixel_mm, pixel_mm))

    def __len__(self) -> int:
        return len(self.heights_mm)

    def hu(self, index: int) -> NDArray[np.int16]:
        self.decoded.add(index)
        return np.zeros((SIZE, SIZE), np.int16) if index in self._blank else slice_at(self.heights_mm[index])


def slice_at(z_mm: float) -> NDArray[np.int16]:
    if z_mm < 0:
        return disc(0.36, 0.26, 40)
    return CHEST.hu(z_mm, SIZE) if z_mm < HEIGHT_MM else disc(0.13, 0.13, 45)


@cache
def disc(wide: float, deep: float, hu: int) -> NDArray[np.int16]:
    body = np.full((SIZE, SIZE), -1000, np.int16)
    axes = round(wide * SIZE), round(deep * SIZE)
    cv2.ellipse(body, (SIZE // 2, SIZE // 2), axes, 0.0, 0.0, 360.0, hu, -1)
    return body


@cache
def lungs_mm() -> tuple[float, float]:
    """Where the phantom's lungs begin and end, seen every 2 mm."""
    survey = survey_lungs(Stack(np.arange(1.0, HEIGHT_MM, 2.0).tolist()), 2.0)
    return survey.heights_mm[survey.first], survey.heights_mm[survey.last]


def farthest_mm(stack: Stack, survey: LungSurvey) -> float:
    """How far a place in the lungs lies from the nearest view, at most."""
    viewed = np.array([stack.heights_mm[index] for index in survey.viewed])
    places = np.arange(*lungs_mm(), 0.5)
    return float(np.abs(places[:, np.newaxis] - viewed).min(axis=1).max())


@settings(deadline=None, max_examples=examples(30))
@given(
    step_mm=st.floats(0.7, 20.0),
    offset_mm=st.floats(0.0, 1.0),
    below_mm=st.sampled_from([0.0, 180.0, 420.0, 900.0]),
    above_mm=st.sampled_from([0.0, 150.0, 400.0]),
)
def test_no_place_in_the_lungs_is_far_from_a_view(
    step_mm: float, offset_mm: float, below_mm: float, above_mm: float
) -> None:
    stack = Stack(np.arange(-below_mm + offset_mm * step_mm, HEIGHT_MM + above_mm, step_mm).tolist())
    survey = survey_lungs(stack, SPACING_MM)
    # Half of the way between two views, and one slice at the ends, where a slice may show too little lung.
    assert farthest_mm(stack, survey) <= max(SPACING_MM / 2, step_mm) + 1.0
    heights = [stack.heights_mm[index] for index in survey.viewed]
    assert np.diff(heights).max() <= max(SPACING_MM, step_mm) + 0.02


@settings(deadline=None, max_examples=examples(10))
@given(below_mm=st.integers(0, 150), above_mm=st.integers(0, 60))
def test_abdomen_and_neck_in_the_stack_change_no_view(below_mm: int, above_mm: int) -> None:
    step = 6.0
    alone = Stack(np.arange(0.0, HEIGHT_MM, step).tolist())
    longer = Stack(np.arange(-below_mm * step, HEIGHT_MM + above_mm * step, step).tolist())
    lone, long = survey_lungs(alone, SPACING_MM), survey_lungs(longer, SPACING_MM)
    assert [alone.heights_mm[one] for one in lone.viewed] == [longer.heights_mm[one] for one in long.viewed]


def test_uneven_steps_are_weighed_in_millimetres() -> None:
    stack = Stack([*np.arange(1.0, 120.0, 2.0), *np.arange(130.0, HEIGHT_MM, 16.0)])
    survey = survey_lungs(stack, SPACING_MM)
    assert farthest_mm(stack, survey) <= 16.0
    in_fine_part = sum(stack.heights_mm[index] < 120.0 for index in survey.viewed)
    assert in_fine_part <= 120.0 / SPACING_MM + 3


def test_few_slices_of_a_long_stack_are_decoded() -> None:
    stack = Stack(np.arange(-1200.0, HEIGHT_MM + 400.0, 1.0).tolist())
    survey_lungs(stack, SPACING_MM)
    assert len(stack.decoded) < 1900 / COARSE_MM + HEIGHT_MM / SPACING_MM + 30


def test_a_blank_slice_is_replaced_by_its_neighbours() -> None:
    heights = np.arange(1.0, HEIGHT_MM, 2.0).tolist()
    blank = frozenset({60, 80, 81})
    stack = Stack(heights, blank)
    survey = survey_lungs(stack, SPACING_MM)
    assert not blank & set(survey.viewed)
    assert farthest_mm(stack, survey) <= SPACING_MM / 2 + 3.0


def test_without_lungs_it_says_so() -> None:
    with pytest.raises(NoLung, match="No lung"):
        survey_lungs(Stack(np.arange(-300.0, -10.0, 5.0).tolist()), SPACING_MM)
