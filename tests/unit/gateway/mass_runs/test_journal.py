"""The journal survives incomplete lines, and the report can be written from it at any time."""

import csv
import io
import json
from pathlib import Path

import openpyxl
import polars
import pytest

from gateway.mass_runs.journal import Journal, JournalEntry, JournalInUse
from gateway.mass_runs.report_file import ReportFile
from gateway.reports.report_table import TABLE
from screening.errors import NoLung
from screening.results.report import COLUMNS, Report

FAILED = Report.failed("=study.zip", NoLung("no lung was found", "2.25.7"), 0.5).to_json()


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    with Journal(tmp_path / "journal") as journal:
        written = journal.append("study.zip", [FAILED])
    with Journal(tmp_path / "journal") as journal:
        assert list(journal.entries()) == [written]
    assert written.failed
    assert written.rows[0]["pathology"] is None


def test_an_incomplete_line_is_removed_and_the_next_one_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with Journal(path) as journal:
        journal.append("first.zip", [FAILED])
    whole = path.read_bytes()
    path.write_bytes(whole + whole[: len(whole) // 2])
    with Journal(path) as journal:
        journal.append("second.zip", [FAILED])
        assert [entry.item for entry in journal.entries()] == ["first.zip", "second.zip"]


def test_an_item_screened_again_counts_once_and_keeps_its_place(tmp_path: Path) -> None:
    with Journal(tmp_path / "journal") as journal:
        journal.append("study.zip", [FAILED])
        other = journal.append("other.zip", [FAILED])
        newer = journal.append("study.zip", [FAILED, FAILED])
        assert list(journal.entries()) == [newer, other]


def test_a_second_run_on_the_same_report_is_refused(tmp_path: Path) -> None:
    with Journal(tmp_path / "journal"), pytest.raises(JournalInUse), Journal(tmp_path / "journal"):
        pass


@pytest.fixture
def entry(tmp_path: Path) -> JournalEntry:
    with Journal(tmp_path / "journal") as journal:
        return journal.append("=study.zip", [FAILED])


def test_csv_grows_row_by_row_to_the_same_file(tmp_path: Path, entry: JournalEntry) -> None:
    grown, whole = ReportFile(tmp_path / "grown.csv"), ReportFile(tmp_path / "whole.csv")
    grown.write([entry])
    grown.append(entry)
    whole.write([entry, entry])
    assert grown.path.read_bytes() == whole.path.read_bytes()
    (first, _) = csv.DictReader(io.StringIO(whole.path.read_text()))
    assert tuple(first) == TABLE
    assert (first["pathology"], first["probability_of_pathology"], first["processing_status"]) == ("", "", "Failure")


def test_xlsx_holds_names_as_text_and_no_zero_for_what_is_unknown(tmp_path: Path, entry: JournalEntry) -> None:
    output = ReportFile(tmp_path / "report.xlsx")
    output.write([entry])
    head, row = openpyxl.load_workbook(output.path).worksheets[0].iter_rows(values_only=True)
    assert head == TABLE
    assert row[COLUMNS.index("path_to_study")] == "=study.zip"
    assert row[COLUMNS.index("pathology")] is None


def test_parquet_has_types_and_null_for_what_is_unknown(tmp_path: Path, entry: JournalEntry) -> None:
    analysed = dict(entry.reports[0]) | {"verdict": "normal", "error": None}
    analysed["row"] = analysed["row"] | {"pathology": 0, "probability_of_pathology": 0.0625}
    output = ReportFile(tmp_path / "report.parquet")
    output.write([entry, JournalEntry("normal.zip", (analysed,))])
    assert output.path.read_bytes()[:4] == output.path.read_bytes()[-4:] == b"PAR1"
    read = polars.read_parquet(output.path)
    assert tuple(read.columns) == TABLE
    numbers = {name: kind for name, kind in read.schema.items() if kind != polars.String}
    assert numbers == {
        "probability_of_pathology": polars.Float64,
        "pathology": polars.Int8,
        "time_of_processing": polars.Float64,
    }
    assert read["pathology"].to_list() == [None, 0]
    assert read["probability_of_pathology"].to_list() == [None, 0.0625]
    assert read["path_to_study"].to_list() == ["=study.zip", "=study.zip"]


def test_parquet_of_nothing_has_its_columns(tmp_path: Path) -> None:
    output = ReportFile(tmp_path / "report.parquet")
    output.write([])
    assert tuple(polars.read_parquet(output.path).columns) == TABLE


@pytest.mark.parametrize("detail", [False, True])
def test_json_holds_rows_or_full_reports(tmp_path: Path, entry: JournalEntry, detail: bool) -> None:
    output = ReportFile(tmp_path / "report.json", detail)
    output.write([entry])
    (part,) = json.loads(output.path.read_text())
    assert part == (entry.reports[0] if detail else entry.rows[0])


@pytest.mark.parametrize(("name", "detail"), [("report.txt", False), ("report", False), ("report.csv", True)])
def test_a_report_that_cannot_be_written_is_refused_before_the_run(tmp_path: Path, name: str, detail: bool) -> None:
    with pytest.raises(ValueError, match=r"\.json"):
        ReportFile(tmp_path / name, detail)


def test_nothing_but_the_report_is_left(tmp_path: Path, entry: JournalEntry) -> None:
    ReportFile(tmp_path / "out.csv").write([entry])
    assert {path.name for path in tmp_path.iterdir()} == {"journal", "out.csv"}
