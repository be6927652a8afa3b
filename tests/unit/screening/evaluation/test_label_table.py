"""The label table: what is read, and what is refused because it would be a wrong label or a file elsewhere."""

from datetime import date
from pathlib import Path

import pytest

from screening.evaluation.label_table import InvalidLabelTable, LabelledStudy, read_label_table


def read(folder: Path, text: str) -> tuple[LabelledStudy, ...]:
    for name in ("a", "b"):
        (folder / name).mkdir(exist_ok=True)
    table = folder / "labels.csv"
    table.write_text(text, "utf-8")
    return read_label_table(table, folder)


def test_two_columns_are_enough_and_each_study_is_a_patient(tmp_path: Path) -> None:
    one, other = read(tmp_path, "study,label\na,0\nb,1\n")
    assert (one.study, one.path, one.patient, one.label, one.study_date) == ("a", tmp_path / "a", "a", 0, None)
    assert (other.patient, other.label) == ("b", 1)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_table_of_any_spreadsheet_is_read(tmp_path: Path, delimiter: str) -> None:
    rows = (("study", "label", "patient", "date", "findings"), ("a", "1", "p 7", "2026-03-09", "Emphysema"))
    (study,) = read(tmp_path, "\ufeff" + "\r\n".join(delimiter.join(row) for row in rows))
    assert (study.patient, study.label, study.study_date) == ("p 7", 1, date(2026, 3, 9))
    assert study.cells["findings"] == "Emphysema"


def test_an_empty_label_is_unknown(tmp_path: Path) -> None:
    assert read(tmp_path, "study,label\na,\n")[0].label is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("study,patient\na,p\n", "no column label"),
        ("study,label\na,normal\n", "row 2: label 'normal' is neither 0, 1 nor empty"),
        ("study,label,date\na,1,09.03.2026\n", "row 2"),
        ("study,label\na,1\na,0\n", "two rows"),
        ("study,label\na,1\n./a,0\n", "two rows"),
        ("study,label\nc,1\n", "does not have: c"),
        ("study,label\n../b,1\n", "row 2: the study is not the name"),
        ("study,label\n/etc,1\n", "row 2: the study is not the name"),
        ("study,label\nC:/b,1\n", "row 2: the study is not the name"),
        ("study,label\n,1\n", "row 2: the study is not the name"),
    ],
)
def test_what_cannot_be_a_label_is_refused(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(InvalidLabelTable, match=why):
        read(tmp_path, text)


def test_a_table_that_is_not_there_or_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidLabelTable, match=r"labels.csv is missing"):
        read_label_table(tmp_path / "labels.csv", tmp_path)
    (tmp_path / "labels.csv").write_bytes(b"study,label\n\xe0,1\n")
    with pytest.raises(InvalidLabelTable, match="UTF-8"):
        read_label_table(tmp_path / "labels.csv", tmp_path)
