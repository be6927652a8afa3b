"""Folders of DICOM with a table: `labels.csv` names study (a folder, zip or file beside it), patient, label, findings.

`findings` is optional: names separated by `;`. `slices` is optional: a CSV with the columns file and infected, for
studies with labels of single slices.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from training.datasets.entry import Entry, InvalidDataset
from training.datasets.label_tables import label_of, rows_of


def dicom_with_labels(root: Path) -> Iterator[Entry]:
    """One entry for each row of `labels.csv`."""
    for row in rows_of(root / "labels.csv", ("study", "patient", "label")):
        path = root / row["study"]
        if not path.exists():
            raise InvalidDataset(f"labels.csv names {row['study']}, which is missing")
        yield Entry(
            dataset=root.name,
            patient=row["patient"],
            study=row["study"],
            path=path,
            kind="study",
            label=label_of(row["label"]),
            findings=_findings(row.get("findings")),
            slice_labels=_slice_labels(root, row.get("slices")),
        )


def _findings(cell: str | None) -> frozenset[str] | None:
    return frozenset(name.strip() for name in cell.split(";")) if cell else None


def _slice_labels(root: Path, cell: str | None) -> Mapping[str, int]:
    if not cell:
        return {}
    return {row["file"]: int(row["infected"]) for row in rows_of(root / cell, ("file", "infected"))}
