"""The age of a patient at a study, from dates."""

from datetime import date
from typing import Final

DAYS_OF_YEAR: Final = 366  # at most; so the part of a year that has begun is less than one


def age_years(born: date | None, studied: date | None) -> float | None:
    """Completed years, and the part of the next one; None where a date is missing, or birth is after the study.

    A year is complete on the birthday, that of the 29th of February on the 1st of March.
    """
    if born is None or studied is None or born > studied:
        return None
    completed = studied.year - born.year - ((studied.month, studied.day) < (born.month, born.day))
    return completed + (studied - _birthday(born, born.year + completed)).days / DAYS_OF_YEAR


def _birthday(born: date, year: int) -> date:
    try:
        return born.replace(year=year)
    except ValueError:
        return date(year, 3, 1)
