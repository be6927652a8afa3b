"""Report tables that a spreadsheet may open."""

import csv
from collections.abc import Mapping
from io import BytesIO, StringIO
from typing import Any

import openpyxl
import pytest

from gateway.reports.report_table import TABLE, as_csv, as_xlsx, table_row
from screening.errors import NotDicom
from screening.results.report import COLUMNS, Report


def row(name: str) -> Mapping[str, Any]:
    return table_row(Report.failed(name, NotDicom("no DICOM"), 0.1).to_json())


@pytest.mark.parametrize("start", ["=", "+", "-", "@"])
def test_a_file_name_is_never_a_formula(start: str) -> None:
    name = f"{start}cmd|'/C calc'!A0.zip"
    (line,) = csv.DictReader(StringIO(as_csv([row(name)]), newline=""))
    assert line["path_to_study"] == f"'{name}"
    cell = openpyxl.load_workbook(BytesIO(as_xlsx([row(name)]))).worksheets[0]["A2"]
    assert cell.data_type != "f"


def test_an_absent_value_is_an_empty_cell() -> None:
    (line,) = csv.DictReader(StringIO(as_csv([row("a.zip")])))
    assert tuple(line) == TABLE
    assert TABLE[: len(COLUMNS)] == COLUMNS
    assert line["path_to_study"] == "a.zip"
    assert (line["pathology"], line["probability_of_pathology"]) == ("", "")


def test_a_failed_row_has_its_error_and_the_notices() -> None:
    (line,) = csv.DictReader(StringIO(as_csv([row("a.zip")])))
    assert (line["verdict"], line["error"], line["detail"]) == ("not_analysed", "not_dicom", "no DICOM")
    assert "no medical device" in line["notices"]
