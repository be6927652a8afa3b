"""Ages in completed years, from dates."""

from datetime import date
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.pacs.routing.ages import age_years


@given(st.dates(date(1900, 1, 1), date(2100, 1, 1)), st.integers(0, 110))
def test_a_year_is_complete_on_the_birthday_and_not_the_day_before(born: date, years: int) -> None:
    leap_day = (born.month, born.day) == (2, 29)
    birthday = date(born.year + years, 3, 1) if leap_day else born.replace(year=born.year + years)
    before = birthday.fromordinal(birthday.toordinal() - 1)
    assert floor(age_years(born, birthday) or 0) == years
    if years and before > born and not (leap_day and (before.month, before.day) == (2, 29)):
        assert floor(age_years(born, before) or 0) == years - 1


@pytest.mark.parametrize(
    ("born", "studied"), [(None, date(2026, 1, 1)), (date(2026, 1, 1), None), (date(2026, 1, 2), date(2026, 1, 1))]
)
def test_an_age_that_is_not_known(born: date | None, studied: date | None) -> None:
    assert age_years(born, studied) is None
