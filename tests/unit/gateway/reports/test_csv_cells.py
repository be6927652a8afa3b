"""Cells of CSV: whatever a client wrote, no spreadsheet finds a formula in it, and a CSV reader reads it back."""

import csv
import re
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.reports.csv_cells import csv_line, escape_formulas

SIGNS = "=+-@\uff1d\uff0b\uff0d\uff20"
HOSTILE = st.text(st.sampled_from(SIGNS + ";,|\t\r\n\v\f\u2028\"' aé5"), max_size=12) | st.text(max_size=12)
# What a spreadsheet of any locale may take for the end of a cell; then it drops white space and quotes.
CUTS = re.compile("[;,|\t\r\n\v\f\x85\u2028\u2029]")


def begins_a_formula(cell: str) -> bool:
    return cell.lstrip(" \"'").startswith(tuple(SIGNS)) and "'" not in cell[: len(cell) - len(cell.lstrip(" \"'"))]


@given(st.lists(HOSTILE, min_size=1, max_size=4))
def test_no_part_of_a_line_begins_a_formula_wherever_it_is_cut(cells: list[str]) -> None:
    line = csv_line(cells)
    assert not [part for part in CUTS.split(line) if begins_a_formula(part)], line


@given(st.lists(HOSTILE, min_size=1, max_size=4))
def test_a_csv_reader_reads_the_escaped_texts(cells: list[str]) -> None:
    (read,) = csv.reader(StringIO(csv_line(cells), newline=""), strict=True)
    assert read == [escape_formulas(cell) for cell in cells]


@given(HOSTILE)
def test_nothing_is_lost(text: str) -> None:
    assert escape_formulas(text).replace("'", "") == text.replace("'", "")


@pytest.mark.parametrize("text", ["chest.zip", "a=b", "x-1", "mail@host", "seen 2026-11-27 03:41+00:00", ""])
def test_plain_texts_stay_as_they_are(text: str) -> None:
    assert escape_formulas(text) == text


def test_numbers_are_numbers_and_an_absent_value_is_an_empty_cell() -> None:
    assert csv_line([-0.5, 1, True, None, "x"]) == '-0.5,1,True,,"x"\n'
