"""The three MosMedData sets that are folders of DICOM with one table of classes.

Layout of each: `studies/<study>/...` and one CSV (exported from the published XLSX registry) with the columns study_id
and target, and patient_id if patients have several studies. Classes: 0 without the target pathology, 1 with it. The
target pathology differs between the sets, and a study of class 0 may have another pathology.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from training.datasets.entry import Entry, InvalidDataset
from training.datasets.label_tables import label_of, rows_of

REGISTRY = "dataset_registry.csv"


@dataclass(frozen=True)
class MosMedTable:
    """One of these sets; `finding` is the finding of a positive study."""

    name: str
    finding: str

    def __call__(self, root: Path) -> Iterator[Entry]:
        """One entry for each row of the registry."""
        for row in rows_of(root / REGISTRY, ("study_id", "target")):
            path = root / "studies" / row["study_id"]
            if not path.exists():
                raise InvalidDataset(f"{REGISTRY} names {row['study_id']}, which is missing")
            label = label_of(row["target"])
            yield Entry(
                dataset=self.name,
                patient=row.get("patient_id") or row["study_id"],
                study=row["study_id"],
                path=path,
                kind="study",
                label=label,
                findings=frozenset({self.finding}) if label == 1 else None,
            )


mosmed_covid_type_i = MosMedTable("mosmed_covid_type_i", "Lung opacity")
mosmed_cancer_type_viii = MosMedTable("mosmed_cancer_type_viii", "Lung nodule")
mosmed_covid_46 = MosMedTable("mosmed_covid_46", "Lung opacity")
