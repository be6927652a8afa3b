"""The rules of suitability: each is violated by the stack made for it; a valid stack violates none."""

from dataclasses import replace

import pytest

from screening.dicom.slice_header import Rescale
from screening.series.series_suitability import MIN_SLICES, RULES, Stack, first_violation
from tests.unit.screening.synthetic_headers import LAYOUT, slice_header, slice_headers

SPOILED: dict[str, Stack] = {
    "no_pixel_data": [replace(one, pixels=None) for one in slice_headers()],
    "not_ct": [replace(one, modality="MR") for one in slice_headers()],
    "localiser": [replace(one, image_type=("ORIGINAL", "PRIMARY", "LOCALIZER")) for one in slice_headers()],
    "unsupported_transfer_syntax": [
        replace(one, pixels=replace(LAYOUT, transfer_syntax="1.2.840.10008.1.2.4.100")) for one in slice_headers()
    ],
    "colour": [replace(one, pixels=replace(LAYOUT, photometric="PALETTE COLOR")) for one in slice_headers()],
    "not_hu": [replace(one, rescale=Rescale(unit="MGML")) for one in slice_headers()],
    "missing_position": [replace(slice_header(0), position=None), *slice_headers()[1:]],
    "invalid_spacing": [replace(one, spacing_mm=None) for one in slice_headers()],
    "not_axial": [replace(one, orientation=((0.0, 1.0, 0.0), (0.0, 0.0, -1.0))) for one in slice_headers()],
    "too_few_slices": slice_headers(MIN_SLICES - 1),
    "too_short": [replace(one, position=(0.0, 0.0, float(index))) for index, one in enumerate(slice_headers())],
    "projection": [replace(one, projection=True) for one in slice_headers()],
    "one_position": [replace(one, position=(0.0, 0.0, 0.0)) for one in slice_headers()],
    "steps_too_wide": [
        replace(one, position=(0.0, 0.0, 20.6 * number)) for number, one in enumerate(slice_headers(MIN_SLICES))
    ],
}


def test_each_rule_has_a_stack_that_violates_it() -> None:
    assert set(SPOILED) == {rule.code for rule in RULES}


@pytest.mark.parametrize("code", SPOILED)
def test_an_invalid_stack_violates_its_rule_and_no_earlier_one(code: str) -> None:
    flaw = first_violation(SPOILED[code])
    assert flaw is not None
    assert (flaw.code, flaw.passed) == (code, [rule.code for rule in RULES].index(code))
    assert "{" not in flaw.explanation


def test_a_valid_stack_violates_no_rule() -> None:
    assert first_violation(slice_headers()) is None
    few = [replace(one, position=(0.0, 0.0, 20.0 * number)) for number, one in enumerate(slice_headers(MIN_SLICES))]
    assert first_violation(few) is None


@pytest.mark.parametrize(
    "spacing",
    [(0.0, 0.0), (1.0, 0.0), (float("nan"), 1.0), (-1.0, 1.0), (1.0, float("inf")), (1e-9, 1.0), (99.0, 99.0)],
)
def test_impossible_spacing(spacing: tuple[float, float]) -> None:
    flaw = first_violation([replace(slice_header(0), spacing_mm=spacing), *slice_headers()[1:]])
    assert flaw is not None
    assert flaw.code == "invalid_spacing"


def test_spacing_that_changes_within_a_stack() -> None:
    flaw = first_violation([replace(slice_header(0), spacing_mm=(1.0, 1.1)), *slice_headers()[1:]])
    assert flaw is not None
    assert flaw.code == "invalid_spacing"


def test_impossible_directions() -> None:
    flaw = first_violation([replace(one, orientation=((0.0, 0.0, 0.0), (0.0, 1.0, 0.0))) for one in slice_headers()])
    assert flaw is not None
    assert flaw.code == "missing_position"


def test_gaps_and_regular_wide_steps_are_no_reason_here() -> None:
    """Coverage judges gaps within the lungs; a high-resolution protocol has no gaps."""
    assert first_violation([*slice_headers(8), *(slice_header(index) for index in range(12, 20))]) is None
    high_resolution = [replace(one, position=(0.0, 0.0, 20.1 * number)) for number, one in enumerate(slice_headers(16))]
    assert first_violation(high_resolution) is None


def test_copies_do_not_make_a_series_long_enough() -> None:
    copies = [replace(one, sop_uid=f"{one.sop_uid}.2") for one in slice_headers(8)]
    flaw = first_violation([*slice_headers(8), *copies])
    assert flaw is not None
    assert flaw.code == "too_few_slices"


def test_a_modality_that_may_be_a_name_is_not_quoted() -> None:
    flaw = first_violation([replace(one, modality="SURNAME") for one in slice_headers()])
    assert flaw is not None
    assert "SURNAME" not in flaw.explanation
