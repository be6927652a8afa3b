"""Rows of reports as CSV and XLSX, for those who screen many studies."""

import csv
from collections.abc import Iterable, Mapping
from io import BytesIO, StringIO
from typing import Any, Final

import xlsxwriter

from screening.report import COLUMNS

# OWASP, CSV injection: a spreadsheet takes a cell that begins so for a formula, and file names come from anywhere.
FORMULA: Final = ("=", "+", "-", "@")


def as_csv(rows: Iterable[Mapping[str, Any]]) -> str:
    """A header and one line for each row; an absent value is an empty cell."""
    return ",".join(COLUMNS) + "\n" + csv_lines(rows)


def csv_lines(rows: Iterable[Mapping[str, Any]]) -> str:
    """One line for each row; a file name that a spreadsheet would run as a formula stands behind an apostrophe."""
    text = StringIO(newline="")
    csv.DictWriter(text, COLUMNS, lineterminator="\n").writerows(map(_inert, rows))
    return text.getvalue()


def as_xlsx(rows: Iterable[Mapping[str, Any]]) -> bytes:
    """One sheet, a frozen header; written row by row in constant memory."""
    target = BytesIO()
    # A name that begins with '=' is a name, not a formula; UIDs are text, not rounded numbers.
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(target, options) as book:
        sheet = book.add_worksheet("screening")
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(COLUMNS) - 1, 24)
        sheet.write_row(0, 0, COLUMNS, book.add_format({"bold": True}))
        for number, row in enumerate(rows, start=1):
            sheet.write_row(number, 0, [row[column] for column in COLUMNS])
    return target.getvalue()


def _inert(row: Mapping[str, Any]) -> dict[str, Any]:
    name = str(row["path_to_study"])
    return {**row, "path_to_study": f"'{name}" if name.startswith(FORMULA) else name}
