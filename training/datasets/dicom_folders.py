"""Folders of DICOM with a label table, `labels.csv`, in the format of `turnstile calibrate`.

Two more columns are optional: `findings`, names separated by `;`, and `slices`, a CSV with the columns file and
infected, for studies with labels of single slices.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from screening.evaluation.label_table import InvalidLabelTable, read_label_table
from training.datasets.entry import Entry, InvalidDataset
from training.datasets.label_tables import rows_of


def dicom_with_labels(root: Path) -> Iterator[Entry]:
    """One entry for each row of `labels.csv`."""
    try:
        studies = read_label_table(root / "labels.csv", root)
    except InvalidLabelTable as error:
        raise InvalidDataset(str(error)) from error
    for study in studies:
        yield Entry(
            dataset=root.name,
            patient=study.patient,
            study=study.study,
            path=study.path,
            kind="study",
            label=study.label,
            findings=_findings(study.cells.get("findings")),
            slice_labels=_slice_labels(root, study.cells.get("slices")),
        )


def _findings(cell: str | None) -> frozenset[str] | None:
    return frozenset(name.strip() for name in cell.split(";")) if cell else None


def _slice_labels(root: Path, cell: str | None) -> Mapping[str, int]:
    if not cell:
        return {}
    return {row["file"]: int(row["infected"]) for row in rows_of(root / cell, ("file", "infected"))}
