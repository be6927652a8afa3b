"""Reports as rows of CSV and XLSX (Parquet: `parquet_table`).

A row has the columns of the contest, in its order, then the verdict, the error of a study that was not analysed, and
the notices.
"""

from collections.abc import Iterable, Mapping
from io import BytesIO
from typing import Any, Final

from gateway.reports.csv_cells import csv_header, csv_line
from screening.results.report import COLUMNS

TABLE: Final = (*COLUMNS, "verdict", "error", "detail", "notices")


def table_row(report: Mapping[str, Any]) -> dict[str, Any]:
    """The row of a whole report (as JSON), by the names of `TABLE`; `error` and `detail` are None on success."""
    error = report["error"] or {"code": None, "detail": None}
    detail = {"verdict": report["verdict"], "error": error["code"], "detail": error["detail"]}
    return {**report["row"], **detail, "notices": report["notices"]}


def as_csv(rows: Iterable[Mapping[str, Any]]) -> str:
    """A header and one line for each row; an absent value is an empty cell."""
    return csv_header(TABLE) + csv_lines(rows)


def csv_lines(rows: Iterable[Mapping[str, Any]]) -> str:
    """One line for each row; what a spreadsheet would run as a formula is escaped."""
    return "".join(csv_line(flatten_notices(row)[column] for column in TABLE) for row in rows)


def as_xlsx(rows: Iterable[Mapping[str, Any]]) -> bytes:
    """One sheet, a frozen header; written row by row in constant memory."""
    import xlsxwriter  # for this table alone

    target = BytesIO()
    # A name that begins with '=' is a name, not a formula; UIDs are text, not rounded numbers.
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(target, options) as book:
        sheet = book.add_worksheet("screening")
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(TABLE) - 1, 24)
        sheet.write_row(0, 0, TABLE, book.add_format({"bold": True}))
        for number, row in enumerate(rows, start=1):
            sheet.write_row(number, 0, [flatten_notices(row)[column] for column in TABLE])
    return target.getvalue()


def flatten_notices(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row with its list of notices as one text."""
    return {**row, "notices": " ".join(row["notices"])}
