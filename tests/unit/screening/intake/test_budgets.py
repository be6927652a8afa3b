"""Budgets: limits are positive, pixels are counted before they are decoded, the totals add up."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from screening.errors import OverBudget
from screening.intake.budgets import MIB, RECORDS_PER_MEMBER, Budgets, UploadTotals


@pytest.mark.parametrize("wrong", [{"members": 0}, {"total_bytes": -1}, {"compression_ratio": 0.0}, {"nesting": -1}])
def test_a_budget_that_allows_nothing_cannot_exist(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="positive"):
        Budgets(**wrong)


def test_sixty_thousand_pixels_squared_are_refused_and_a_large_scan_is_not() -> None:
    Budgets().check_pixels(512, 512, 2000, 1, 16)
    with pytest.raises(OverBudget, match="60000 x 60000"):
        Budgets().check_pixels(60_000, 60_000, 1, 1, 16)


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 3000), st.integers(1, 3000)), max_size=20),
    st.integers(1, 10),
    st.integers(1, 9000),
)
def test_the_totals_refuse_exactly_when_a_sum_passes_its_limit(
    files: list[tuple[int, int]], members: int, total: int
) -> None:
    totals = UploadTotals(Budgets(members=members, total_bytes=total, member_bytes=total))
    over = len(files) > members or sum(size for size, _ in files) > total
    try:
        for size, packed in files:
            totals.add(size, packed)
    except OverBudget:
        assert over
    else:
        assert not over


@given(st.lists(st.integers(0, 3 * RECORDS_PER_MEMBER), max_size=30), st.integers(1, 20))
def test_an_archive_may_say_so_much_of_its_files_and_no_more(records: list[int], members: int) -> None:
    totals = UploadTotals(Budgets(members=members))
    over = sum(records) > members * RECORDS_PER_MEMBER
    try:
        for number in records:
            totals.add_records(number)
    except OverBudget:
        assert over
    else:
        assert not over


def test_small_members_may_have_any_compression_ratio() -> None:
    UploadTotals(Budgets()).add(MIB, 1000)
    with pytest.raises(OverBudget, match="200 to 1"):
        UploadTotals(Budgets()).add(100 * MIB, 100_000)
