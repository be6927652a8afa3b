"""The table of rules: each is broken by the stack made for it, in its place, and a sane stack breaks none."""

from dataclasses import replace

import pytest

from screening.series_suitability import MIN_SLICES, RULES, Stack, flaw_of
from screening.slice_header import Rescale
from tests.unit.screening.synthetic_headers import LAYOUT, made_slice, made_stack

SPOILED: dict[str, Stack] = {
    "no_pixel_data": [replace(one, pixels=None) for one in made_stack()],
    "not_ct": [replace(one, modality="MR") for one in made_stack()],
    "localiser": [replace(one, image_type=("ORIGINAL", "PRIMARY", "LOCALIZER")) for one in made_stack()],
    "unsupported_transfer_syntax": [
        replace(one, pixels=replace(LAYOUT, transfer_syntax="1.2.840.10008.1.2.4.100")) for one in made_stack()
    ],
    "colour": [replace(one, pixels=replace(LAYOUT, photometric="PALETTE COLOR")) for one in made_stack()],
    "not_hu": [replace(one, rescale=Rescale(unit="MGML")) for one in made_stack()],
    "missing_position": [replace(made_slice(0), position=None), *made_stack()[1:]],
    "invalid_spacing": [replace(one, spacing_mm=None) for one in made_stack()],
    "not_axial": [replace(one, orientation=((0.0, 1.0, 0.0), (0.0, 0.0, -1.0))) for one in made_stack()],
    "too_few_slices": made_stack(MIN_SLICES - 1),
    "too_short": [replace(one, position=(0.0, 0.0, float(index))) for index, one in enumerate(made_stack())],
    "gaps": [*made_stack(8), *(made_slice(index) for index in range(10, 16))],
}


def test_each_rule_has_a_stack_that_breaks_it() -> None:
    assert set(SPOILED) == {rule.code for rule in RULES}


@pytest.mark.parametrize("code", SPOILED)
def test_a_spoiled_stack_breaks_its_rule_and_no_earlier_one(code: str) -> None:
    flaw = flaw_of(SPOILED[code])
    assert flaw is not None
    assert (flaw.code, flaw.passed) == (code, [rule.code for rule in RULES].index(code))
    assert "{" not in flaw.explanation


def test_a_sane_stack_has_no_flaw() -> None:
    assert flaw_of(made_stack()) is None
    assert flaw_of(made_stack(MIN_SLICES)) is None


@pytest.mark.parametrize(
    "spacing",
    [(0.0, 0.0), (1.0, 0.0), (float("nan"), 1.0), (-1.0, 1.0), (1.0, float("inf")), (1e-9, 1.0), (99.0, 99.0)],
)
def test_spacing_that_cannot_be(spacing: tuple[float, float]) -> None:
    flaw = flaw_of([replace(made_slice(0), spacing_mm=spacing), *made_stack()[1:]])
    assert flaw is not None
    assert flaw.code == "invalid_spacing"


def test_spacing_that_changes_within_a_stack() -> None:
    flaw = flaw_of([replace(made_slice(0), spacing_mm=(1.0, 1.1)), *made_stack()[1:]])
    assert flaw is not None
    assert flaw.code == "invalid_spacing"


def test_directions_that_cannot_be() -> None:
    flaw = flaw_of([replace(one, orientation=((0.0, 0.0, 0.0), (0.0, 1.0, 0.0))) for one in made_stack()])
    assert flaw is not None
    assert flaw.code == "missing_position"


def test_one_slice_lost_from_a_thick_series_is_no_gap() -> None:
    assert flaw_of([*made_stack(8), *(made_slice(index) for index in range(9, 16))]) is None


def test_copies_do_not_make_a_series_long_enough() -> None:
    copies = [replace(one, sop_uid=f"{one.sop_uid}.2") for one in made_stack(8)]
    flaw = flaw_of([*made_stack(8), *copies])
    assert flaw is not None
    assert flaw.code == "too_few_slices"


def test_a_modality_that_might_be_a_name_is_not_repeated() -> None:
    flaw = flaw_of([replace(one, modality="SURNAME") for one in made_stack()])
    assert flaw is not None
    assert "SURNAME" not in flaw.explanation
