"""Stacks of a series: what is one scan stays one, what is not is told apart, whatever the order and the digits."""

from dataclasses import replace
from math import cos, radians, sin
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from screening.dicom.slice_header import SliceHeader
from screening.series.stacks import Stack, stacks_of
from tests.unit.screening.synthetic_headers import LAYOUT, STEP_MM, slice_header, slice_headers

COUNT = 30
Slices = list[SliceHeader]


def again(slices: Slices, shift_mm: float = 0.0, **changes: Any) -> Slices:
    """The same places a second time, under other SOP Instance UIDs."""
    return [
        replace(one, sop_uid=f"{one.sop_uid}.1", instance=COUNT + number, **changes, position=moved(one, shift_mm))
        for number, one in enumerate(slices)
    ]


def moved(one: SliceHeader, mm: float) -> tuple[float, float, float]:
    x, y, z = one.position or (0.0, 0.0, 0.0)
    return x, y, z + mm


def shuffled(slices: Slices, seed: int) -> Slices:
    return Random(seed).sample(slices, len(slices))


def scans(stacks: list[Stack]) -> list[tuple[str, ...]]:
    return sorted(tuple(one.sop_uid for one in stack.slices) for stack in stacks)


def of_one(stack: Stack, *groups: Slices) -> bool:
    """Whether all slices of the stack are of one group, and all of the group are in the stack."""
    uids = {one.sop_uid for one in stack.slices}
    return any(uids == {one.sop_uid for one in group} for group in groups)


@given(st.lists(st.floats(-0.4, 0.4), min_size=COUNT, max_size=COUNT), st.integers(0, 99))
def test_an_orientation_that_drifts_or_is_rounded_is_one_stack(rolls_deg: list[float], seed: int) -> None:
    slices = [
        replace(one, orientation=((cos(radians(a)), sin(radians(a)), 0.0), (-sin(radians(a)), cos(radians(a)), 0.0)))
        for one, a in zip(slice_headers(COUNT), rolls_deg, strict=True)
    ]
    (stack,) = stacks_of(shuffled(slices, seed))
    assert len(stack) == COUNT


@given(
    st.sampled_from(
        [
            {"temporal_position": 2},
            {"cardiac_phase": 75.0},
            {"kernel": "B70f"},
            {"thickness_mm": 1.0},
            {"spacing_mm": (0.75, 0.75)},
            {"pixels": replace(LAYOUT, rows=64)},
            {"projection": True},
            {"image_type": ("ORIGINAL", "PRIMARY", "LOCALIZER")},
        ]
    ),
    st.floats(0.0, STEP_MM / 2),
    st.integers(0, 99),
)
def test_scans_that_differ_never_mix(changes: dict[str, Any], shift_mm: float, seed: int) -> None:
    first = [replace(one, thickness_mm=5.0) for one in slice_headers(COUNT)]
    second = again(first, shift_mm, **changes)
    stacks = stacks_of(shuffled([*first, *second], seed))
    assert len(stacks) == 2
    assert all(of_one(stack, first, second) for stack in stacks)


@given(
    st.sampled_from([{"acquisition": 3}, {"acquired_at": "100020"}, {}]),
    st.integers(0, 99),
    st.sampled_from([0.0, 3.0]),
)
def test_two_phases_of_one_series_never_mix_and_it_is_said(changes: dict[str, Any], seed: int, shift_mm: float) -> None:
    first = [
        replace(one, acquisition=2, acquired_at="100000", instance=n) for n, one in enumerate(slice_headers(COUNT))
    ]
    second = again(first, shift_mm if "acquisition" in changes else 0.0, **changes)
    (stack,) = stacks_of(shuffled([*first, *second], seed))
    assert of_one(stack, first, second)
    (warning,) = stack.warnings
    assert "another acquisition" in warning


@given(st.integers(3, COUNT - 3), st.integers(0, 10), st.integers(0, 99))
def test_passes_that_adjoin_or_overlap_are_one_scan_of_all_places(cut: int, overlap: int, seed: int) -> None:
    slices = slice_headers(COUNT)
    lower = [replace(one, acquisition=1) for one in slices[: min(COUNT, cut + overlap)]]
    upper = [replace(one, acquisition=2, sop_uid=f"{one.sop_uid}.2") for one in slices[cut:]]
    (stack,) = stacks_of(shuffled([*lower, *upper], seed))
    assert [one.position for one in stack.slices] == [one.position for one in slices]
    acquisitions = [one.acquisition for one in stack.slices]
    assert acquisitions == sorted(acquisitions)


@given(st.floats(0.0, 0.9), st.integers(2, 3), st.integers(0, 99))
def test_slices_at_nearly_the_same_place_are_used_once(shift_mm: float, copies: int, seed: int) -> None:
    slices = slice_headers(COUNT)
    more = [
        replace(one, sop_uid=f"{one.sop_uid}.{n}", position=moved(one, n * shift_mm / copies))
        for n in range(1, copies)
        for one in slices
    ]
    (stack,) = stacks_of(shuffled([*slices, *more], seed))
    assert len(stack) == COUNT
    assert stack.warnings


@given(st.integers(8, 20), st.integers(2, 8), st.integers(0, 99))
def test_fine_and_coarse_steps_are_one_scan(fine: int, ratio: int, seed: int) -> None:
    heights = [*[2.0 * n for n in range(fine)], *[2.0 * fine + 2.0 * ratio * n for n in range(12)]]
    slices = [replace(slice_header(n), position=(0.0, 0.0, z)) for n, z in enumerate(heights)]
    (stack,) = stacks_of(shuffled(slices, seed))
    assert [one.position for one in stack.slices] == [one.position for one in slices]
    assert stack.warnings == ()


@pytest.mark.parametrize("away_mm", [-60.0, -200.0, COUNT * STEP_MM + 60.0])
def test_a_slice_far_from_all_others_is_left_out(away_mm: float) -> None:
    stray = replace(slice_header(99), position=(0.0, 0.0, away_mm))
    (stack,) = stacks_of([stray, *slice_headers(COUNT)])
    assert len(stack) == COUNT
    assert "left out" in stack.warnings[0]


def test_slices_missing_within_the_scan_are_no_strays() -> None:
    (stack,) = stacks_of([one for n, one in enumerate(slice_headers(COUNT)) if not 10 <= n < 16 and not 18 <= n < 24])
    assert len(stack) == COUNT - 12


def test_slices_count_from_the_feet_whatever_the_direction_of_the_columns() -> None:
    feet_first = [replace(one, orientation=((-1.0, 0.0, 0.0), (0.0, 1.0, 0.0))) for one in slice_headers(COUNT)]
    (stack,) = stacks_of(shuffled(feet_first, 1))
    heights = [one.position[2] for one in stack.slices if one.position]
    assert heights == sorted(heights)


@given(st.integers(0, 9999))
def test_the_order_of_files_changes_nothing(seed: int) -> None:
    first = slice_headers(COUNT)
    mixed = [*first, *again(first, 1.0, acquisition=4), *again(first[:5], 0.0, kernel="B70f")]
    assert scans(stacks_of(shuffled(mixed, seed))) == scans(stacks_of(mixed))


def test_slices_without_a_place_stay_for_the_rules_to_judge() -> None:
    (stack,) = stacks_of([replace(one, position=None) for one in slice_headers(COUNT)])
    assert len(stack) == COUNT
