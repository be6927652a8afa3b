"""Reading of the tables and folders of data sets."""

import csv
from collections.abc import Iterable
from pathlib import Path

from screening.evaluation import label_table
from training.datasets.entry import InvalidDataset


def rows_of(path: Path, required: Iterable[str]) -> list[dict[str, str]]:
    """Rows of a CSV file by column name; raises InvalidDataset when it or one of these columns is missing."""
    if not path.is_file():
        raise InvalidDataset(f"{path.name} is missing")
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        missing = set(required) - set(reader.fieldnames or ())
        if missing:
            raise InvalidDataset(f"{path.name} has no column {', '.join(sorted(missing))}")
        return list(reader)


def label_of(text: str) -> int | None:
    """'0' and '1' are labels, an empty cell is an unknown one."""
    try:
        return label_table.label_of(text)
    except label_table.InvalidLabelTable as error:
        raise InvalidDataset(str(error)) from error


def folders_of(root: Path) -> list[Path]:
    """Sub-folders, sorted; raises InvalidDataset when there are none."""
    folders = sorted(path for path in root.glob("*") if path.is_dir()) if root.is_dir() else []
    if not folders:
        raise InvalidDataset(f"no study folders in {root.name}")
    return folders


def niftis_of(root: Path) -> list[Path]:
    """NIfTI files below a folder, sorted."""
    return sorted(path for path in root.rglob("*") if path.name.endswith((".nii", ".nii.gz")))
