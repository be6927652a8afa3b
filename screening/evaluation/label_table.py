"""The label table: a CSV that says of each study whether it is pathological. `calibrate` and `train` read the same one.

Columns: `study` (a folder, zip or file, relative to the folder of the studies) and `label` (0 normal, 1 pathology,
empty unknown); optionally `patient`, by default each study is a patient of its own, and `date` (YYYY-MM-DD).
Other columns are kept as they are.
"""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from io import StringIO
from pathlib import Path, PurePosixPath
from typing import Final

from screening.user_error import UserError

REQUIRED: Final = ("study", "label")
DELIMITERS: Final = (";", "\t", ",")  # a spreadsheet writes what the machine's language has
MIN_NAMED: Final = 3  # of the rows that name no file, said in the error


class InvalidLabelTable(UserError, ValueError):
    """The table cannot be used; the message says which row and why."""


@dataclass(frozen=True)
class LabelledStudy:
    """One row: `path` is where the study lies, `label` is 0, 1 or None, `cells` are all columns as text."""

    study: str
    path: Path
    patient: str
    label: int | None
    study_date: date | None = None
    cells: Mapping[str, str] = field(default_factory=dict, repr=False)


def read_label_table(table: Path, folder: Path) -> tuple[LabelledStudy, ...]:
    """The rows, in the table's order; every study is named once and lies inside `folder`. Raises InvalidLabelTable."""
    studies = [_study(number, cells, folder) for number, cells in enumerate(_rows(table), start=2)]
    _refuse_repeated(studies)
    if missing := [study.study for study in studies if not study.path.exists()]:
        shown = ", ".join(missing[:MIN_NAMED])
        raise InvalidLabelTable(f"{table.name} names {len(missing)} studies that {folder.name} does not have: {shown}")
    return tuple(studies)


def label_of(text: str) -> int | None:
    """'0' and '1' are labels, an empty cell is an unknown one; raises InvalidLabelTable."""
    if text.strip() not in ("", "0", "1"):
        raise InvalidLabelTable(f"label {text!r} is neither 0, 1 nor empty")
    return int(text) if text.strip() else None


def _rows(table: Path) -> list[dict[str, str]]:
    try:
        text = table.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = "is missing" if isinstance(error, FileNotFoundError) else "cannot be read as UTF-8"
        raise InvalidLabelTable(f"{table.name} {reason}") from error
    head = text.partition("\n")[0]
    delimiter = next((one for one in DELIMITERS if one in head), ",")
    reader = csv.DictReader(StringIO(text, newline=""), delimiter=delimiter)
    if missing := [column for column in REQUIRED if column not in (reader.fieldnames or ())]:
        raise InvalidLabelTable(f"{table.name} has no column {', '.join(missing)}")
    return [{name: value or "" for name, value in row.items() if isinstance(name, str)} for row in reader]


def _study(number: int, cells: Mapping[str, str], folder: Path) -> LabelledStudy:
    study = cells["study"].strip()
    relative = PurePosixPath(study.replace("\\", "/"))
    if not relative.parts or relative.is_absolute() or ".." in relative.parts or relative.parts[0].endswith(":"):
        raise InvalidLabelTable(f"row {number}: the study is not the name of something inside the folder")
    try:
        label, study_date = label_of(cells["label"]), _date_of(cells.get("date", ""))
    except ValueError as error:
        raise InvalidLabelTable(f"row {number}: {error}") from error
    return LabelledStudy(study, folder / relative, cells.get("patient", "").strip() or study, label, study_date, cells)


def _date_of(text: str) -> date | None:
    return date.fromisoformat(text.strip()) if text.strip() else None


def _refuse_repeated(studies: Iterable[LabelledStudy]) -> None:
    seen: set[Path] = set()
    for study in studies:
        if study.path in seen:
            raise InvalidLabelTable(f"the study {study.study} has two rows")
        seen.add(study.path)
